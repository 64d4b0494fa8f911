import { integer, nullable, text, versioned } from './table.ts'

/** What was paid for advertisements. */
export const adSpend = versioned({
  name: 'ad_spend',
  row: 'day × source × medium × campaign of an import',
  description: 'Imported ad spend. Source, medium and campaign are written like those of touches, so that they join.',
  kind: 'output',
  key: ['ad_spend_id'],
  columns: {
    ad_spend_id: text('md5 of import, day, source, medium, campaign and currency.'),
    import_name: text('What the import was called: an import of that name replaces the days it holds.'),
    day: text('Day of the ad account, `YYYY-MM-DD`.'),
    source: text('Normalised source.'),
    medium: text('Medium, lower case.', nullable),
    campaign: text('Campaign as delivered.', nullable),
    currency: text('ISO 4217 code.'),
    cost: integer('Cost in minor units of the currency; negative when money came back.'),
    clicks: integer('Clicks, when the file told them.', nullable),
    impressions: integer('Impressions, when the file told them.', nullable),
  },
})
