import { describe, expect } from 'vitest'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row } from '../../src/warehouses/warehouse.ts'
import { columnsOf, type KnownFailures, type Open, openedFor, tester } from './suite.ts'

/** Texts that some engine has once taken for something else. */
export const hostileTexts: Readonly<Record<string, string>> = {
  'single quote': "o'brien",
  'two quotes': "''",
  'double quotes': 'say "hi"',
  backtick: '`x`',
  backslash: 'C:\\temp\\new',
  'backslash at the end': 'foo\\',
  'backslash before a quote': "\\'; drop table hostile; --",
  injection: "'; drop table hostile; --",
  comment: '/* not */ -- a comment',
  'line feed': 'line 1\nline 2',
  'carriage return': 'line 1\r\nline 2\r',
  tab: 'a\tb',
  'control characters': 'a\u0001\u0002\u001f\u007fb',
  'dollar placeholder': '$1 and $2',
  'named placeholders': ':x :p1 @x @p1',
  'question mark': '? ?1',
  'dollar quotes': '$$a$$ $tag$b$tag$',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: text that looks like a template is the point
  'template text': '${x} {{ y }} {% z %}',
  percent: '100% %s %(x)s %%',
  underscore: 'a_b',
  unicode: 'ÄÖü ß İı ﬁ 漢字 עברית',
  'combining characters': 'e\u0301 vs é',
  emoji: '👩‍👩‍👧 🏳️‍🌈',
  'line separators': 'a\u2028b\u2029c\u0085d',
  empty: '',
  spaces: '  a  ',
  'the word null': 'null',
  'copy escapes': '\\N \\. \\x01',
  // Written twice it fits into the shortest statement that an engine takes.
  'very long': `${'long '.repeat(8000)}'\\`,
}

const names = Object.keys(hostileTexts)

/** Texts from outside come back as they were, as literals, bound values, loaded rows and names. */
export function testHostileTexts(open: Open, known?: KnownFailures): void {
  describe('hostile texts', () => {
    const use = openedFor(open)
    const test = tester(known)

    test('as literals', async () => {
      const selects = Object.entries(hostileTexts).map(
        ([name, text]) => sql`select ${name} as name, ${text} as v, length(${text}) as characters`,
      )
      await use().stage('hostile', sql.join(selects, '\nunion all\n'))
      const rows = await use().query<Row & { name: string; v: string }>(
        sql`select name, v from ${sql.staging('hostile')}`,
      )
      expect(Object.fromEntries(rows.map((row) => [row.name, row.v]))).toEqual(hostileTexts)
      const lengths = await use().query(sql`select name from ${sql.staging('hostile')} where characters <> length(v)`)
      expect(lengths).toEqual([])
    })

    test('as literals that are compared', async () => {
      const rows = Object.entries(hostileTexts).map(([name, v]) => ({ name, v }))
      await use().loadStaging('hostile', columnsOf({ name: 'string', v: 'string' }), rows)
      const matches = Object.entries(hostileTexts).map(
        ([name, text]) => sql`select name, ${name} as expected from ${sql.staging('hostile')} where v = ${text}`,
      )
      await use().stage('matches', sql.join(matches, '\nunion all\n'))
      const found = await use().query<{ name: string; expected: string }>(
        sql`select name, expected from ${sql.staging('matches')}`,
      )
      expect(found.map((row) => row.name).sort()).toEqual([...names].sort())
      expect(found.filter((row) => row.name !== row.expected)).toEqual([])
    })

    test('as bound values', async () => {
      const rows = Object.entries(hostileTexts).map(([name, v]) => ({ name, v }))
      await use().loadStaging('hostile', columnsOf({ name: 'string', v: 'string' }), rows)
      for (const [name, text] of Object.entries(hostileTexts)) {
        const found = await use().query(
          sql`select name, v, ${use().dialect.cast(sql`${text}`, 'string')} as bound from ${sql.staging('hostile')} where v = ${text}`,
        )
        expect(found, name).toEqual([{ name, v: text, bound: text }])
      }
    })

    test('many bound values in one statement, some of them alike', async () => {
      const texts = [...Object.values(hostileTexts), 'x', 'x']
      const found = await use().query<{ n: number }>(
        sql`select count(*) as n from ${sql.staging('hostile')} where v in (${sql.values(texts)}) or name in (${sql.values(texts)})`,
      )
      expect(found).toEqual([{ n: names.length }])
    })

    test('in messages of assertions, and in patterns', async () => {
      const { dialect: d } = use()
      for (const name of ['single quote', 'injection', 'double quotes', 'percent', 'emoji']) {
        const text = hostileTexts[name]!
        await expect(use().transaction([d.assertThat(sql`1 = 2`, text)]), name).rejects.toThrow(text)
      }
      await use().stage('patterns', sql`select ${d.regexpReplace(sql`${"it's"}`, "'", '"; --')} as v`)
      expect(await use().query(sql`select v from ${sql.staging('patterns')}`)).toEqual([{ v: 'it"; --s' }])
    })

    test('as names of columns and tables', async () => {
      const quoted = ['order', 'select', 'two words', 'mixed Case', 'a"b', "it's", 'a;b', 'ü']
      for (const name of quoted) {
        await use().stage(name, sql`select ${name} as ${sql.id(name)}`)
        const rows = await use().query(sql`select t.${sql.id(name)} from ${sql.staging(name)} as t`)
        expect(rows).toEqual([{ [name]: name }])
      }
    })

    test('a negative number after a minus is no comment', async () => {
      await use().stage('minus', sql`select 1 -${-5} as v`)
      expect(await use().query(sql`select v from ${sql.staging('minus')}`)).toEqual([{ v: 6 }])
    })
  })
}
