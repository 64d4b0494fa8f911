/** What a touch arrives with; what is left out is null. */
export interface Arrival {
  readonly utm_source?: string
  readonly utm_medium?: string
  readonly utm_campaign?: string
  readonly utm_content?: string
  readonly utm_term?: string
  readonly click_id?: string
  readonly referrer_host?: string
  readonly page_url?: string
}

/** What must come out; only the fields given are compared, `null` included. */
export interface Outcome {
  readonly source?: string | null
  readonly medium?: string | null
  readonly campaign?: string | null
  readonly content?: string | null
  readonly term?: string | null
  readonly rule_id?: string
  readonly evidence?: string
}

export type Case = readonly [arrival: Arrival, channel: string, outcome?: Outcome]

/** `google/cpc` → source and medium; `-` for none. */
export const utm = (pair: string, more: Arrival = {}): Arrival => {
  const [source = '-', medium = '-'] = pair.split(' / ')
  return {
    ...(source === '-' ? {} : { utm_source: source }),
    ...(medium === '-' ? {} : { utm_medium: medium }),
    ...more,
  }
}
export const from = (referrer_host: string, more: Arrival = {}): Arrival => ({ referrer_host, ...more })
export const click = (click_id: string, more: Arrival = {}): Arrival => ({ click_id, ...more })
export const campaign = (utm_campaign: string, more: Arrival = {}): Arrival => ({ utm_campaign, ...more })
