// biome-ignore-all lint/suspicious/noTemplateCurlyInString: mutations are source text.
/**
 * Are the tests able to notice? Each mutation breaks one rule of the stage SQL in a copy of the sources, and the corners and
 * random streams are run against it: `npm run -s mutations -- --streams 200 --seed 1 --only gap`. A mutation that survives is
 * a rule that nothing checks. By hand, not in `npm test`: it takes half a minute for each.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

interface Mutation {
  readonly name: string
  /** Below src/pipeline. */
  readonly file: string
  /** Stands in the file; its first occurrence is replaced. */
  readonly from: string
  readonly to: string
}

const GAP = 'Math.round(options.sessions.gapMinutes * 60_000_000)'
const MUTATIONS: readonly Mutation[] = [
  { name: 'gap + 1 µs', file: 'stage.ts', from: GAP, to: `${GAP} + 1` },
  { name: 'gap - 1 µs', file: 'stage.ts', from: GAP, to: `${GAP} - 1` },
  {
    name: 'gap: >= for > between visits',
    file: 'visits.ts',
    from: "'started_at')} > ${gap}",
    to: "'started_at')} >= ${gap}",
  },
  {
    name: 'gap: >= for > between sessions',
    file: 'sessions.ts',
    from: "'started_at')} > ${gap",
    to: "'started_at')} >= ${gap",
  },
  {
    name: 'gap: neighbours looked for a microsecond too near',
    file: 'visits.ts',
    from: 'sql`${gap}`',
    to: 'sql`${gap - 1}`',
  },
  {
    name: 'owner: the next user ends after, not at',
    file: 'owners.ts',
    from: 'then 0 else 1 end, visit_id',
    to: 'then 1 else 0 end, visit_id',
  },
  {
    name: 'owner: >= for > at the limit of users',
    file: 'owners.ts',
    from: 'users > ${maxUsersPerDevice}',
    to: 'users >= ${maxUsersPerDevice}',
  },
  {
    name: 'owner: the first one before for the last',
    file: 'owners.ts',
    from: "max(${identified('last_key')})",
    to: "min(${identified('last_key')})",
  },
  {
    name: 'aliases: a shared device joins',
    file: 'components.ts',
    from: '> ${maxUsersPerDevice}',
    to: '> ${maxUsersPerDevice + 100}',
  },
  {
    name: 'aliases: the last seen user gives the name',
    file: 'components.ts',
    from: 'min(v.first_key) as first_key',
    to: 'max(v.first_key) as first_key',
  },
  {
    name: 'duplicates: the last received wins',
    file: 'duplicates.ts',
    from: 'order by received_at, content_hash, is_stored desc, row_number_read\n    ) as place',
    to: 'order by received_at desc, content_hash, is_stored desc, row_number_read\n    ) as place',
  },
  { name: 'lookback: < for <=', file: 'credits.ts', from: "'k.converted_at')} <= ${", to: "'k.converted_at')} < ${" },
  {
    name: 'credit: touches before, not at, the conversion',
    file: 'credits.ts',
    from: 't.touched_at <= k.converted_at',
    to: 't.touched_at < k.converted_at',
  },
  {
    name: 'credit: no tie-break between touches',
    file: 'credits.ts',
    from: 'order by order_key, touch_id) as position',
    to: 'order by touch_id) as position',
  },
  {
    name: 'touches: single-page rule off',
    file: 'touches.ts',
    from: "k.raw_referrer_host = coalesce(k.previous_referrer_host, '')",
    to: '1 = 0',
  },
  {
    name: 'touches: compared with the last touch kept only',
    file: 'touches.ts',
    from: 'origin <> previous_origin',
    to: '1 = 1',
  },
  {
    name: 'conversions: session ended a gap before counts no more',
    file: 'conversions.ts',
    from: "'k.converted_at')} <= ${gap",
    to: "'k.converted_at')} < ${gap",
  },
  {
    name: 'signup: the last instead of the first',
    file: 'conversions.ts',
    from: 'order by k.order_key, k.anonymous_id, k.user_id) as place',
    to: 'order by k.order_key desc, k.anonymous_id, k.user_id) as place',
  },
  {
    name: 'withdrawals: visits are not read again',
    file: 'withdrawals.ts',
    from: 'where e.excluded_reason is null and w.event_key is null',
    to: 'where 1 = 0 and w.event_key is null',
  },
  {
    name: 'withdrawals: aliases stay',
    file: 'components.ts',
    from: "from ${sql.staging('withdrawn_events')} where type = 'alias'",
    to: "from ${sql.staging('withdrawn_events')} where type = 'none'",
  },
  {
    name: 'settings: channels change nobody',
    file: 'changes.ts',
    from: 'people: OF_EVERYONE.some(has)',
    to: 'people: false',
  },
  { name: 'settings: owners stay', file: 'changes.ts', from: "identities: has('identities')", to: 'identities: false' },
  {
    name: 'settings: candidates stay',
    file: 'changes.ts',
    from: '            candidates,\n',
    to: '            candidates: [],\n',
  },
  {
    name: 'settings: lookback changes nothing',
    file: 'changes.ts',
    from: "credits: has('credits') ? all :",
    to: 'credits: true ? [] :',
  },
  {
    name: 'settings: events stay as they were taken in',
    file: 'changes.ts',
    from: "events: has('events')",
    to: 'events: false',
  },
  {
    name: 'settings: quarantine is not tried again',
    file: 'changes.ts',
    from: "refused: has('ingest')",
    to: 'refused: false',
  },
  {
    name: 'settings: the gap changes nothing',
    file: 'changes.ts',
    from: "isRebuild = has('visits')",
    to: 'isRebuild = false',
  },
]

const { values } = parseArgs({
  options: { streams: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' } },
})
const streams = values.streams ?? '200'
const seed = values.seed ?? '1'

let survivors = 0
for (const mutation of MUTATIONS.filter((m) => m.name.includes(values.only ?? ''))) {
  const began = Date.now()
  const folder = mutated(mutation)
  try {
    const killer = killedBy(folder)
    if (!killer) survivors++
    console.log(
      `${(killer ? `killed by ${killer}` : 'SURVIVED').padEnd(18)}  ${mutation.name} (${Math.round((Date.now() - began) / 1000)} s)`,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
console.log(`${survivors} survived`)
process.exitCode = survivors > 0 ? 1 : 0

/** A copy of the sources with the mutation in it. */
function mutated({ name, file, from, to }: Mutation): string {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-mutation-'))
  for (const part of ['src', 'test', 'package.json', 'vitest.config.ts'])
    cpSync(part, join(folder, part), { recursive: true })
  symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'))
  const path = join(folder, 'src/pipeline', file)
  const text = readFileSync(path, 'utf8')
  if (!text.includes(from)) throw new Error(`Mutation ${name}: expected ${file} to contain: ${from}`)
  writeFileSync(
    path,
    text.replace(from, () => to),
  )
  return folder
}

/** Streams first, because most die there within seconds. */
function killedBy(cwd: string): string | null {
  const fails = (script: string, ...rest: string[]) =>
    spawnSync(process.execPath, [script, ...rest], { cwd, stdio: 'ignore' }).status !== 0
  if (fails('test/fuzz.ts', '--quick', '--streams', streams, '--seed', seed)) return 'streams'
  if (fails('node_modules/vitest/vitest.mjs', 'run', 'test/conformance/duckdb.test.ts', '-t', 'corners'))
    return 'corners'
  if (fails('node_modules/vitest/vitest.mjs', 'run', 'test/conformance/duckdb-settings.test.ts')) return 'settings'
  return null
}
