import { describe, expect, test } from 'vitest'
import { compile, compileInline, expr, type SqlValue, type SqlWriter, sql } from '../../src/warehouses/sql.ts'

/** An engine that says which part it was asked to write. */
const writer: SqlWriter = {
  quote: (name) => `[${name}]`,
  table: (name) => `schema.[${name}]`,
  staging: (name) => `staging.[${name}]`,
  literal: (value) => `<${typeof value === 'bigint' ? `${value}n` : JSON.stringify(value)}>`,
  placeholder: (position) => `:${position}`,
  timestampOf: (value) => `time(${value})`,
}
const compiled = (statement: Parameters<typeof compile>[0]) => compile(statement, writer)
const inline = (statement: Parameters<typeof compile>[0]) => compileInline(statement, writer)

describe('the sql tag', () => {
  test('keeps text and values apart', () => {
    const statement = sql`select ${'a'} where x = ${1} and y = ${null}`
    expect(compiled(statement)).toEqual({ text: 'select :1 where x = :2 and y = :3', values: ['a', 1, null] })
    expect(inline(statement)).toBe('select <"a"> where x = <1> and y = <null>')
  })

  test('every kind of value is bound, none is text', () => {
    const values: SqlValue[] = ['', "'; drop table x; --", 0, -1.5, 9223372036854775807n, true, false, null]
    for (const value of values) {
      expect(compiled(sql`${value}`)).toEqual({ text: ':1', values: [value] })
      expect(inline(sql`${value}`)).toBe(writer.literal(value))
    }
  })

  test('splices SQL in, and numbers the values of all of it in order', () => {
    const inner = sql`b = ${2} or c = ${3}`
    const outer = sql`select ${1} from t where (${inner}) and (${inner}) and d = ${4}`
    expect(compiled(outer)).toEqual({
      text: 'select :1 from t where (b = :2 or c = :3) and (b = :4 or c = :5) and d = :6',
      values: [1, 2, 3, 2, 3, 4],
    })
  })

  test('pieces are not changed by being used', () => {
    const piece = sql`x = ${1}`
    const before = structuredClone(piece.parts)
    compiled(sql`${piece} and ${piece}`)
    expect(piece.parts).toEqual(before)
    expect(compiled(piece)).toEqual({ text: 'x = :1', values: [1] })
  })

  test('backslashes stay as typed', () => {
    expect(inline(sql`a\nb \d \\`)).toBe('a\\nb \\d \\\\')
    expect(compiled(sql`${'\\'}`).values).toEqual(['\\'])
  })

  test('names are quoted by the engine, tables qualified', () => {
    expect(inline(sql`select ${sql.id('order')} from ${sql.table('events')}, ${sql.staging('batch')}`)).toBe(
      'select [order] from schema.[events], staging.[batch]',
    )
  })

  test('refuses undefined, and says where', () => {
    const missing = undefined as unknown as SqlValue
    expect(() => sql`select ${1}, ${missing}`).toThrow('at position 2, but got undefined')
  })

  test('raw text and nothing', () => {
    expect(compiled(sql`a${sql.empty} ${sql.raw("'b'")}`)).toEqual({ text: "a 'b'", values: [] })
  })
})

describe('expr', () => {
  test('takes column names and SQL', () => {
    for (const name of ['a', 'person_id', '_x1', 'o.person_id']) expect(inline(expr(name))).toBe(name)
    const piece = sql`lower(${'A'})`
    expect(expr(piece)).toBe(piece)
  })

  test('refuses everything else', () => {
    const others = ['', 'a b', 'A', '1a', 'a.b.c', 'a.', '.a', "'a'", '"a"', 'count(*)', 'a;', 'a--', 'a\n', 'ä', '*']
    for (const text of others) expect(() => expr(text), text).toThrow('Expected a column name, but got')
  })
})

describe('lists', () => {
  test('join puts a comma or another separator between pieces', () => {
    expect(inline(sql.join(['a', 'b.c', sql`${1}`]))).toBe('a, b.c, <1>')
    expect(inline(sql.join([sql`a = 1`, sql`b = 2`], ' and '))).toBe('a = 1 and b = 2')
    expect(inline(sql.join(['a']))).toBe('a')
    expect(inline(sql.join([]))).toBe('')
  })

  test('join takes text for column names only', () => {
    expect(() => sql.join(['a', "b'; --"])).toThrow('Expected a column name')
  })

  test('values binds each of a list', () => {
    expect(compiled(sql`id in (${sql.values(['a', 'b', 3])})`)).toEqual({
      text: 'id in (:1, :2, :3)',
      values: ['a', 'b', 3],
    })
  })
})

describe('timestamps', () => {
  test('are text of one form that the engine casts', () => {
    const cases = {
      '2025-01-01T11:10:00Z': '2025-01-01 11:10:00.000000',
      '2025-01-01T11:10:00.5Z': '2025-01-01 11:10:00.500000',
      '2025-01-01T11:10:00.000001Z': '2025-01-01 11:10:00.000001',
    }
    for (const [iso, text] of Object.entries(cases)) {
      expect(compiled(sql`${sql.timestamp(iso)}`)).toEqual({ text: 'time(:1)', values: [text] })
      expect(inline(sql.timestamp(iso))).toBe(`time(<"${text}">)`)
    }
  })

  test('anything else is refused when it is compiled', () => {
    const others = [
      '2025-01-01',
      '2025-01-01T00:00:00',
      '2025-01-01T00:00:00+01:00',
      '2025-01-01T00:00:00.1234567Z',
      "'",
    ]
    for (const iso of others) expect(() => inline(sql.timestamp(iso)), iso).toThrow('Expected a time like')
  })
})
