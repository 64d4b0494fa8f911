import { affectedCompanies } from './companies/affected.ts'
import { companyHistory, copyCounts, memberHistory } from './companies/history.ts'
import { companyJourneys } from './companies/journeys.ts'
import { affectedStates, companyRollup } from './companies/rollup.ts'
import { copiedRows } from './companies/rows.ts'
import { companyStats } from './companies/stats.ts'
import { defineStage } from './stage.ts'
import { companies as companiesTable, companyMembers } from './tables/companies.ts'
import { publishVersions } from './versions.ts'

/**
 * Companies: what the product database knows of them, copied before, compared with the copy before that; and what their
 * people did, of the companies that the copy or the people changed.
 */
export const companies = defineStage({
  name: 'companies',
  does: 'companies and memberships of the product database; what the people of the affected companies did',
  reads: ['companies', 'company_members', 'aliases', 'touches', 'conversions', 'channel_stats'],
  writes: ['companies', 'company_members'],
  result: 'companies_rows',
  discards: ['company_touches', 'company_shares', 'product_companies', 'product_members'],

  steps: (c) => {
    const { companies: options } = c.options
    if (!options) return []
    return [
      ...(c.copy ? copiedRows(c, options, c.copy) : []),
      ...companyHistory(c),
      ...memberHistory(c, options),
      ...(c.copy ? [copyCounts(c.copy)] : []),
      ...affectedCompanies(c),
      affectedStates(options),
      ...companyJourneys(c),
      ...companyStats(c),
      ...companyRollup(c),
    ]
  },
  publish: (c) =>
    c.options.companies
      ? [...publishVersions(c, companiesTable), ...(c.release ? [] : publishVersions(c, companyMembers))]
      : [],
})
