import type { PipelineOptions } from '../../src/pipeline/options.ts'
import { isObject, textOf } from './json.ts'
import { clickIds, referralExclusions } from './reference.ts'
import type { Campaign, Event, EventType } from './types.ts'
import { isWithin, parameter, textOrNull, urlCampaign, urlParts, withoutEmails, withoutPersonalIds } from './url.ts'

type PageFields = Pick<
  Event,
  'pageUrl' | 'pageHost' | 'pagePath' | 'referrer' | 'referrerHost' | 'rawReferrerHost' | 'clickId' | keyof Campaign
>

/** Page, referrer, campaign and click id of a message. Hosts, path and campaign come from the URL as delivered. */
export function pageFields(message: Record<string, unknown>, type: EventType, settings: PipelineOptions): PageFields {
  const context = isObject(message.context) ? message.context : {}
  const contextPage = isObject(context.page) ? context.page : {}
  const properties = type === 'page' && isObject(message.properties) ? message.properties : {}

  const url = textOrNull(textOf(contextPage.url) ?? '') ?? textOrNull(textOf(properties.url) ?? '')
  const referrer = textOrNull(textOf(contextPage.referrer) ?? '') ?? textOrNull(textOf(properties.referrer) ?? '')
  const page = urlParts(url ?? '')
  const rawReferrerHost = urlParts(referrer ?? '').host

  return {
    pageUrl: url === null ? null : withoutPersonalIds(url),
    pageHost: page.host,
    pagePath: page.path,
    referrer: referrer === null ? null : withoutPersonalIds(referrer),
    referrerHost: isOutside(rawReferrerHost, page.host, settings) ? rawReferrerHost : null,
    rawReferrerHost,
    ...campaign(context.campaign, urlCampaign(page)),
    clickId: clickIds.find((c) => parameter(page, c.parameter) !== null)?.parameter ?? null,
  }
}

/** Neither the page's own host, nor one of the sites, nor a host of logins and payments. */
function isOutside(host: string | null, pageHost: string | null, settings: PipelineOptions): boolean {
  if (host === null || host === pageHost) return false
  const inside = [...settings.sites, ...referralExclusions, ...settings.referralExclusions]
  return !inside.some((entry) => isWithin(host, entry))
}

/** The campaign context wins over the URL, field by field. */
function campaign(context: unknown, url: Campaign): Campaign {
  const named = isObject(context) ? context : {}
  const choose = (name: string, fromUrl: string | null) => {
    const value = textOrNull(textOf(named[name]) ?? '') ?? fromUrl
    return value === null ? null : withoutEmails(value)
  }
  return {
    utmSource: choose('source', url.utmSource),
    utmMedium: choose('medium', url.utmMedium),
    utmCampaign: choose('name', url.utmCampaign),
    utmContent: choose('content', url.utmContent),
    utmTerm: choose('term', url.utmTerm),
  }
}
