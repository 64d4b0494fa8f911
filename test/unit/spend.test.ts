import { describe, expect, test } from 'vitest'
import { parseCsv } from '../../src/pipeline/spend/csv.ts'
import { readSpend } from '../../src/pipeline/spend/read-spend.ts'

const cellsOf = (text: string) => parseCsv(text).map(({ cells }) => cells)

describe('CSV', () => {
  test.each([
    [
      'a,b\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a,b\r\n1,2',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      '\ufeffa;b\n1,5;2',
      [
        ['a', 'b'],
        ['1,5', '2'],
      ],
    ],
    [
      'a\tb\n1\t',
      [
        ['a', 'b'],
        ['1', ''],
      ],
    ],
    [
      'a,b\n"1,""x""\n y",2\n',
      [
        ['a', 'b'],
        ['1,"x"\n y', '2'],
      ],
    ],
    [
      'a,b\n\n  \n,\n1,2\n\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a,b\n"",x',
      [
        ['a', 'b'],
        ['', 'x'],
      ],
    ],
    ['', []],
  ])('%j', (text, cells) => expect(cellsOf(text)).toEqual(cells))

  test('records know their line', () => {
    expect(parseCsv('a\n"x\ny"\n\nz').map(({ line }) => line)).toEqual([1, 2, 5])
  })

  test.each([
    ['a\n"x', 'Line 2: a quote is opened and never closed.'],
    ['a,b\n"x"y,1', 'Line 2: expected the end of the cell after a closing quote, but got `y`.'],
  ])('%j is refused', (text, message) => expect(() => parseCsv(text)).toThrow(message))
})

describe('ad spend', () => {
  const head = 'Date,Source,Medium,Campaign Name,Cost,Currency,Clicks'
  test('is read by the names of its columns', () => {
    expect(
      readSpend(`${head},CTR\n2025-01-31,Google,cpc,Brand,12.50,eur,3,0.1\n2024-02-29,x,,,-.5,JPY,,`, null),
    ).toEqual({
      lines: [
        {
          day: '2025-01-31',
          source: 'Google',
          medium: 'cpc',
          campaign: 'Brand',
          cost: '12.50',
          currency: 'EUR',
          clicks: 3,
          impressions: null,
        },
        {
          day: '2024-02-29',
          source: 'x',
          medium: null,
          campaign: null,
          cost: '-.5',
          currency: 'JPY',
          clicks: null,
          impressions: null,
        },
      ],
      ignored: ['CTR'],
    })
    expect(readSpend('day,spend,currency\n2025-01-01,1,USD', 'bing').lines).toMatchObject([{ source: 'bing' }])
  })

  test('is refused whole, with every problem by line and what to do', () => {
    const bad = [
      '31.01.2025,google,cpc,a,1,EUR,1',
      '2025-02-30,google,cpc,a,1,EUR,1',
      '2025-01-01,(not set),cpc,a,1,EUR,1',
      '2025-01-01,google,cpc,a,"1,234.50",EUR,1',
      '2025-01-01,google,cpc,a,.,EUR,1',
      '2025-01-01,google,cpc,a,€1,EUR,1.5',
      '2025-01-01,google,cpc,a,1,EURO,1',
      '2025-01-01,google,cpc,a,1234567890123456,EUR,1',
      '2025-01-01,google',
    ]
    const message = (() => {
      try {
        readSpend(`${head}\n${bad.join('\n')}`, null)
      } catch (error) {
        return (error as Error).message
      }
    })()
    const expected = [
      '2: day',
      '3: day',
      '4: source',
      '5: cost',
      '6: cost',
      '7: cost',
      '7: clicks',
      '8: currency',
      '9: cost',
    ]
    for (const where of expected) expect(message).toContain(`line ${where}: expected`)
    expect(message).toContain('line 10: expected 7 cells like the first line, but got 2.')
    expect(message).toContain(
      'a decimal number like 1234.50, without currency sign or separators between thousands, but got "1,234.50"',
    )
  })

  test.each([
    ['', 'line 1: expected a column `day` or `date`.'],
    ['day,cost,currency\n2025-01-01,1,USD', 'line 1: expected a column `source` or `utm_source`, or `--source`.'],
    ['day,date,source,cost,currency\n', 'line 1: expected one column for day, but got `day` and `date`.'],
    ['day,source,cost,currency\n', 'expected lines below the names of the columns'],
  ])('%j is refused', (text, message) => expect(() => readSpend(text, null)).toThrow(message))
})
