import { expect, test } from 'vitest'
import { refusalsOf } from './guard.ts'

const refused: readonly (readonly [string, string])[] = [
  ['select count(*) filter (where a) from t', 'FILTER'],
  ['select distinct on (a) a, b from t', 'DISTINCT ON'],
  ['select n from generate_series(1, 3) as n', 'a function in FROM'],
  ['select * from t, lateral (select 1) as x', 'LATERAL'],
  ['select * from (values (1), (2)) as v', 'VALUES as a table'],
  ['select array[1, 2]', 'ARRAY[]'],
  ['select a[1] from t', 'a subscript'],
  ['select * from t where a = any(b)', '= ANY (array)'],
  ['select a from t where (a, b) in (select a, b from u)', 'a row of values'],
  ["select string_agg(a, ',') from t", 'string_agg'],
  ['select max_by(a, b) from t', 'max_by'],
  ['select sum(a) over (partition by b order by c) from t', 'without a frame'],
  [
    'select sum(a) over (partition by b order by c range between unbounded preceding and current row) from t',
    'other than ROWS',
  ],
  ['select rank() over w from t window w as (order by a)', 'a named window'],
  ['select 1 where 1 is distinct from 2', 'IS DISTINCT FROM'],
  ["select a ->> 'b' from t", 'an operator of JSON'],
  ['select cast(a as text) from t', 'type text'],
  ['select a::jsonb from t', 'type jsonb'],
  ['select * from t for update', 'FOR UPDATE'],
  ['with x as materialized (select 1) select * from x', 'MATERIALIZED'],
  ['insert into t (a) values (1) on conflict do nothing', 'ON CONFLICT'],
  ['insert into t (a) values (1) returning a', 'RETURNING'],
  ['with x as (select 1 as a) insert into t select a from x', 'WITH before INSERT'],
  ['delete from t as x where x.a = 1', 'an alias in DELETE'],
  ['truncate t', 'TRUNCATE'],
  ['create index i on t (a)', 'an index'],
  ['begin', 'a transaction of its own'],
  ['select new from t', 'the reserved word new'],
  ['select nothing from', 'syntax'],
]

test.each(refused)('%s', (statement, says) => {
  expect(refusalsOf(statement).join('; ')).toContain(says)
})

const taken = [
  'select row_number() over () as n from t',
  'select sum(a) over (partition by b order by c rows unbounded preceding) from t',
  'select lag(a) over (partition by b order by c) from t',
  'insert into t (a) values (1), (2)',
  'insert into t with x as (select 1 as a) select a from x',
  "select datediff(microsecond, a, b), dateadd(day, 1, sysdate), a ~ 'x' from t",
  'select * exclude ("json_document") from (select p.*, p."json_document"."a" as a from (select json_parse(d) as "json_document" from t) as p) as f',
  'create table if not exists t (a varchar(65535) not null, b super) distkey (a) sortkey (a, b)',
  'create table t (a bigint) diststyle all',
  "select listagg(a, ',') within group (order by a) from t",
  'select 1 from t where a = :p1 and b in (:p2, :p3)',
]

test.each(taken)('%s is taken', (statement) => {
  expect(refusalsOf(statement)).toEqual([])
})
