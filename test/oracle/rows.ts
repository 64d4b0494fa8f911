import type { Attribution } from './attribution.ts'
import { type Credit, MODELS, type Model } from './credits.ts'
import type { Alias, KnownPair } from './identity.ts'
import { formatTime } from './time.ts'
import type { Conversion, Event, Session, Touch } from './types.ts'

/** One row of an output table: its data columns. Times are text, integers numbers; absent is null. */
export type Row = Record<string, string | number | boolean | null>

export function eventRow(event: Event): Row {
  return {
    event_key: event.eventKey,
    event_id: event.eventId,
    type: event.type,
    name: event.name,
    event_name: event.eventName,
    anonymous_id: event.anonymousId,
    user_id: event.userId,
    previous_id: event.previousId,
    group_id: event.groupId,
    occurred_at: formatTime(event.occurredAt),
    received_at: formatTime(event.receivedAt),
    is_in_session: event.isInSession,
    excluded_reason: event.excludedReason,
    page_url: event.pageUrl,
    page_host: event.pageHost,
    page_path: event.pagePath,
    referrer: event.referrer,
    referrer_host: event.referrerHost,
    raw_referrer_host: event.rawReferrerHost,
    utm_source: event.utmSource,
    utm_medium: event.utmMedium,
    utm_campaign: event.utmCampaign,
    utm_content: event.utmContent,
    utm_term: event.utmTerm,
    click_id: event.clickId,
    library: event.library,
  }
}

export function knownPairRow(pair: KnownPair): Row {
  return {
    anonymous_id: pair.anonymousId,
    user_id: pair.userId,
    first_seen_at: formatTime(pair.first.occurredAt),
    last_seen_at: formatTime(pair.last.occurredAt),
    first_event_key: pair.first.eventKey,
  }
}

export function aliasRow(alias: Alias): Row {
  return {
    id: alias.id,
    person_id: alias.personId,
    is_anonymous_id: alias.isAnonymousId,
    is_user_id: alias.isUserId,
    first_seen_at: formatTime(alias.firstSeenAt),
    last_seen_at: formatTime(alias.lastSeenAt),
    is_latest: alias.isLatest,
  }
}

export function sessionRow(session: Session, touches: readonly Touch[], conversions: readonly Conversion[]): Row {
  const events = session.events.map(({ event }) => event)
  return {
    session_id: session.sessionId,
    person_id: session.personId,
    started_at: formatTime(session.startedAt),
    ended_at: formatTime(session.endedAt),
    event_count: events.length,
    page_count: events.filter((e) => e.type === 'page' || e.type === 'screen').length,
    device_count: new Set(events.map((e) => e.anonymousId)).size,
    landing_page: session.entry.pageUrl,
    referrer: session.entry.referrer,
    touch_count: touches.filter((t) => t.session === session).length,
    is_signup_session: conversions.some((c) => c.conversion === 'signup' && c.sessionId === session.sessionId),
  }
}

export function touchRow(touch: Touch): Row {
  return {
    touch_id: touch.touchId,
    session_id: touch.session.sessionId,
    person_id: touch.session.personId,
    touched_at: formatTime(touch.touchedAt),
    order_key: touch.orderKey,
    is_entry: touch.isEntry,
    channel: touch.channel,
    source: touch.source,
    medium: touch.medium,
    campaign: touch.campaign,
    content: touch.content,
    term: touch.term,
    click_id: touch.event.clickId,
    referrer: outsideReferrer(touch),
    referrer_host: touch.event.referrerHost,
    page_url: touch.event.pageUrl,
    is_paid: touch.isPaid,
    is_direct: touch.isDirect,
    company_id: touch.event.groupId,
  }
}

export function conversionRow(conversion: Conversion): Row {
  return {
    conversion_id: conversion.conversionId,
    conversion: conversion.conversion,
    person_id: conversion.personId,
    converted_at: formatTime(conversion.convertedAt),
    event_key: conversion.eventKey,
    session_id: conversion.sessionId,
    value: numberOrNull(conversion.value),
    currency: conversion.currency,
    value_problem: conversion.valueProblem,
    company_id: conversion.companyId,
  }
}

export function creditRow({ conversion, touch, position, touchCount, credit, revenue }: Credit): Row {
  const perModel = (suffix: string, value: (model: Model) => bigint | null) =>
    Object.fromEntries(MODELS.map((model) => [`${model}${suffix}`, numberOrNull(value(model))]))
  return {
    conversion_id: conversion.conversionId,
    touch_id: touch?.touchId ?? '',
    conversion: conversion.conversion,
    person_id: conversion.personId,
    converted_at: formatTime(conversion.convertedAt),
    touched_at: formatTime(touch?.touchedAt ?? conversion.convertedAt),
    channel: touch?.channel ?? 'Unattributed',
    source: touch?.source ?? null,
    medium: touch?.medium ?? null,
    campaign: touch?.campaign ?? null,
    position,
    touch_count: touchCount,
    currency: conversion.currency,
    ...perModel('_credit', (model) => credit[model]),
    ...perModel('_revenue', (model) => revenue[model]),
  }
}

export function attributionRow(row: Attribution): Row {
  const touchFields = (prefix: string, touch: Touch | null) => ({
    [`${prefix}_at`]: touch === null ? null : formatTime(touch.touchedAt),
    [`${prefix}_channel`]: touch?.channel ?? null,
    [`${prefix}_source`]: touch?.source ?? null,
    [`${prefix}_medium`]: touch?.medium ?? null,
    [`${prefix}_campaign`]: touch?.campaign ?? null,
    [`${prefix}_referrer`]: touch === null ? null : outsideReferrer(touch),
  })
  return {
    person_id: row.personId,
    signed_up_at: formatTime(row.signedUpAt),
    session_count_before_signup: row.sessionCountBeforeSignup,
    signup_session_id: row.signupSession?.sessionId ?? null,
    signup_session_number: row.signupSessionNumber,
    blog_url: row.blogUrl,
    first_page_ever_visited: row.firstPage?.pageUrl ?? null,
    first_page_at: row.firstPage === null ? null : formatTime(row.firstPage.occurredAt),
    ...touchFields('first_touch', row.firstTouch),
    ...touchFields('last_touch', row.lastTouch),
    ...touchFields('first_paid_touch', row.firstPaidTouch),
    ...touchFields('last_paid_touch', row.lastPaidTouch),
  }
}

function outsideReferrer(touch: Touch): string | null {
  return touch.event.referrerHost === null ? null : touch.event.referrer
}

/** Amounts above 2^53 lose digits here; the streams have none. */
function numberOrNull(value: bigint | null): number | null {
  return value === null ? null : Number(value)
}
