import { EVENTS_PER_PERSON, type Shape, secondsOf } from './shape.ts'

/** The table of visits: in memory, so that the file holds nothing but what Segment would write. */
export const VISITS = 'staging.main.visits'

/**
 * A number in [0, 1) that depends on the seed and three whole numbers alone: whatever is generated in whatever order,
 * the same person does the same things.
 */
export const randomSql = ({ seed }: Shape): string => `
create or replace macro bench.random(a, b, c) as (
    (hash(xor(xor(hash(cast(a as bigint)), hash(cast(b as bigint) * 64 + cast(c as bigint))), hash(${seed}))) >> 11)
        / 9007199254740992.0
)`

/**
 * Visits of all people, narrow. Most people come once or twice; the 4 % who sign up come often and send about half of
 * the messages. A visit is before its device knows the user (state 0), the one in which that happens (1) or after it (2).
 */
export function visitsSql(shape: Shape): string {
  const history = secondsOf(shape)
  const often = shape.events / (shape.people * EVENTS_PER_PERSON)
  const chanceOfMore = (shape.devices - 1) / shape.devices
  const devices =
    chanceOfMore > 0
      ? `least(20, 1 + cast(floor(ln(bench.random(person, 0, 3) + 1e-12) / ln(${chanceOfMore})) as integer))`
      : '1'
  return `
create or replace table ${VISITS} as
with people as (
    select
        range as person,
        bench.random(range, 0, 1) < 0.04 as is_user,
        bench.random(range, 0, 2) as many,
        bench.random(range, 0, 4) * ${history} as first_at,
        bench.random(range, 0, 5) as how_long,
        bench.random(range, 0, 6) as how_soon
    from range(${shape.people})
),

lives as (
    select
        *,
        ${devices} as device_count,
        greatest(1, cast(round(${often} * case
            when is_user then least(3000, floor(40 * pow(many + 1e-9, -1 / 1.7)))
            else least(500, floor(pow(many + 1e-9, -1 / 1.6)))
        end) as integer)) as visit_count,
        case
            when is_user then (${history} - first_at) * (0.3 + 0.7 * how_long)
            else least(${history} - first_at, -ln(how_long + 1e-12) * 60 * 86400)
        end as life
    from people
),

-- One visit in twenty follows another one so closely that they are often one session.
visited as (
    select
        person, is_user, first_at, life, how_soon, visit,
        case
            when visit = 1 then first_at
            when bench.random(person, visit, 7) >= 0.05 then first_at + life * bench.random(person, visit, 8)
            when visit = 2 then first_at + bench.random(person, visit, 9) * 4800
            else first_at + life * bench.random(person, visit - 1, 8) + bench.random(person, visit, 9) * 4800
        end as starts,
        case
            when device_count = 1 or bench.random(person, visit, 10) < 0.6 then 1
            else 1 + cast(floor(bench.random(person, visit, 11) * device_count) as integer)
        end as device,
        least(100, 1 + cast(floor(-ln(bench.random(person, visit, 12) + 1e-12) * 7.5) as integer)) as events
    from lives, unnest(range(1, visit_count + 1)) as numbers(visit)
),

-- Each device of a user comes to know them at its own time.
known as (
    select
        *,
        case
            when is_user then first_at + life * (0.02 + 0.3 * how_soon)
                + case when device = 1 then 0 else -ln(bench.random(person, device, 15) + 1e-12) * 120 * 86400 end
        end as known_at
    from visited
)

select
    cast(person as integer) as person,
    cast(visit as integer) as visit,
    cast(device as tinyint) as device,
    cast(events as smallint) as events,
    starts,
    cast(case
        when known_at is null or starts < known_at then 0
        when starts = min(case when starts >= known_at then starts end) over (partition by person, device) then 1
        else 2
    end as tinyint) as state
from known
order by starts
`
}
