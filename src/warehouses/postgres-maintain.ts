/**
 * Which tables of a schema (`$1`), of a JSON list of names (`$2`), changed by more than a tenth since their statistics
 * were made, or never had any. Rows of partitions count for their table, which the server never looks after itself.
 */
export const staleTables = `
select c.relname as name
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
left join pg_inherits as i on i.inhparent = c.oid
left join pg_stat_all_tables as s on s.relid = coalesce(i.inhrelid, c.oid)
left join pg_class as p on p.oid = coalesce(i.inhrelid, c.oid)
where n.nspname = $1 and c.relname in (select jsonb_array_elements_text(cast($2 as jsonb)))
group by c.oid, c.relname
having sum(s.n_mod_since_analyze) > 1000 + 0.1 * sum(greatest(p.reltuples, 0))
order by c.relname`
