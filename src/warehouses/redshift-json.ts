import type { Dialect, JsonPath } from './dialect.ts'
import { text } from './redshift-text.ts'
import { type Expr, expr, type Sql, sql } from './sql.ts'

/** The parsed document, between reading it and taking fields out of it. */
const DOCUMENT = 'json_document'

/** How JSON writes the character that no text can hold: a document with one has no fields. */
const NUL = text('\\u0000')

/** Names longer than this, in bytes, are cut. */
const LONGEST_NAME = 127

function fieldOf(path: JsonPath): Sql {
  for (const key of path) {
    if (key === '' || Buffer.byteLength(key) > LONGEST_NAME) {
      throw new TypeError(
        `Expected a JSON field whose name has 1 to ${LONGEST_NAME} bytes, which is what Redshift can reach, but got: ${JSON.stringify(key)}`,
      )
    }
  }
  return sql`parsed.${sql.join(
    [DOCUMENT, ...path].map((key) => sql.id(key)),
    '.',
  )}`
}

/** Text without quotes; objects and arrays as JSON. */
function textOf(field: Sql): Sql {
  return sql`case
            when json_typeof(${field}) in ('object', 'array') then json_serialize(${field})
            else cast(${field} as varchar)
        end`
}

/** Numbers whose digits a decimal holds, however small or large the exponent makes them. */
const SCIENTIFIC = '^-?[0-9]{1,15}([.][0-9]{1,15})?[eE][+-]?[0-9]{1,2}$'

/** The same, with numbers written out that have an exponent. Others are not cast: one that does not fit is an error. */
function amountOf(field: Sql): Sql {
  const written = sql`cast(${field} as varchar)`
  const number = sql`cast(${written} as double precision)`
  return sql`case
            when json_typeof(${field}) = 'number' then case
                when ${written} ~ ${text(SCIENTIFIC)} then case
                    when ${number} = 0 or abs(${number}) between 1e-6 and 9e19 then cast(cast(${number} as decimal(38, 18)) as varchar)
                    else ${written}
                end
                else ${written}
            end
            else ${textOf(field)}
        end`
}

const typeOf = (field: Sql): Sql => sql`nullif(json_typeof(${field}), 'null')`

const READ = { text: textOf, amount: amountOf, type: typeOf }

/** JSON on Redshift: a document is parsed once into SUPER, fields are reached by their names in quotes. */
export const redshiftJson: Pick<Dialect, 'isJson' | 'jsonColumns' | 'jsonValue'> = {
  isJson: (value) => sql`coalesce(can_json_parse(${expr(value)}), false)`,

  jsonColumns(from, document, columns) {
    const entries = Object.entries(columns)
    const fields = entries.map(([name, { path, as }]) => {
      const field = fieldOf(path)
      return sql`,
            ${READ[as](field)} as ${sql.id(name)}`
    })
    return sql`(
    select * exclude (${sql.id(DOCUMENT)})
    from (
        select parsed.*${sql.join(fields, '')}
        from (
            select *, json_parse(case when strpos(${expr(document)}, ${NUL}) = 0 then ${expr(document)} end) as ${sql.id(DOCUMENT)}
            from ${from} as documents
        ) as parsed
    ) as fields
)`
  },

  jsonValue(value, engineType) {
    const isTime = engineType !== undefined && /^(timestamp|date|time)/i.test(engineType)
    const v = isTime ? sql`cast(${expr(value)} as varchar)` : expr(value)
    const json = sql`json_serialize(cast(${v} as super))`
    // Only floats have numbers that JSON has not; tables of many columns make statements long.
    if (engineType !== undefined && !/^(double|float|real)/i.test(engineType)) return json
    return sql`case when ${json} not in ('NaN', 'Infinity', '-Infinity') then ${json} end`
  },
}

/** A place of its own for each byte, in the private use area: U+E000 to U+E0FF. */
const BYTES = '\\ue0'

/** How UTF-8 writes U+E000 to U+E0FF in hex, without its last digit, and the digit of the byte it stands for. */
const HIGH_DIGITS: readonly (readonly [string, string])[] = Array.from({ length: 16 }, (_, high) => [
  `ee8${(high >> 2).toString(16)}${(8 + (high & 3)).toString(16)}`,
  high.toString(16),
])

/** Percent-encoded UTF-8 that can be decoded, from its first character to its last. */
const DECODABLE = (() => {
  const low = '%[89aAbB][0-9a-fA-F]'
  const sequences = [
    '[^%]',
    '%0[1-9a-fA-F]',
    '%[1-7][0-9a-fA-F]',
    `%[cC][2-9a-fA-F]${low}`,
    `%[dD][0-9a-fA-F]${low}`,
    `%[eE]0%[aAbB][0-9a-fA-F]${low}`,
    `%[eE][1-9a-cA-CeEfF]${low}${low}`,
    `%[eE][dD]%[89][0-9a-fA-F]${low}`,
    `%[fF]0%[9aAbB][0-9a-fA-F]${low}${low}`,
    `%[fF][1-3]${low}${low}${low}`,
    `%[fF]4%8[0-9a-fA-F]${low}${low}`,
  ]
  return `^(${sequences.join('|')})*$`
})()

/** Bytes of which the hex still fits into a text. */
const LONGEST_DECODED = 32_000

/** Control characters, which JSON does not take as they are; and where they wait in the private use area. */
const CONTROLS = Array.from({ length: 31 }, (_, i) => String.fromCharCode(i + 1)).join('')
const WAITING = Array.from({ length: 31 }, (_, i) => String.fromCharCode(0xe101 + i)).join('')

/**
 * Redshift has no function for it, so each escape goes a long way: JSON makes of `%C3` the character U+E0C3, hex of the
 * UTF-8 of that is `ee8383`, of which `ee838` stands for the high digit `c`, and what remains is the hex of the decoded
 * text. In valid UTF-8 `ee80` to `ee83` stand nowhere but at the begin of such a character: no digits between two bytes
 * can look like it. `e` is replaced last, which alone could make new ones. A text that has such characters of its own
 * (nobody writes them) stays as it is, and one whose hex would not fit into a text.
 */
export function percentDecode(value: Expr): Sql {
  const v = expr(value)
  const spaced = sql`replace(${v}, '+', ' ')`
  const escaped = [
    ['\\', '\\\\'],
    ['"', '\\"'],
    ['%', BYTES],
  ].reduce<Sql>((all, [from, to]) => sql`replace(${all}, ${text(from!)}, ${text(to!)})`, spaced)
  const json = sql`translate(${escaped}, ${text(CONTROLS)}, ${text(WAITING)})`
  const decoded = sql`translate(cast(json_parse('"' || ${json} || '"') as varchar), ${text(WAITING)}, ${text(CONTROLS)})`
  const digits = [...HIGH_DIGITS.filter(([, d]) => d !== 'e'), ...HIGH_DIGITS.filter(([, d]) => d === 'e')]
  const hex = digits.reduce<Sql>(
    (all, [from, to]) => sql`replace(${all}, ${text(from)}, ${text(to)})`,
    sql`lower(to_hex(to_varbyte(${decoded}, 'utf8')))`,
  )
  return sql`case
        when strpos(${v}, '%') = 0 then ${spaced}
        when octet_length(${v}) > ${sql.raw(String(LONGEST_DECODED))} then ${v}
        when ${v} ~ ${text(DECODABLE)} and strpos(to_hex(to_varbyte(${v}, 'utf8')), 'ee8') = 0 then from_varbyte(from_hex(${hex}), 'utf8')
        else ${v}
    end`
}
