import SchemaBuilder from '@pothos/core'
import DataloaderPlugin from '@pothos/plugin-dataloader'
import RelayPlugin from '@pothos/plugin-relay'
import type { Context } from '../resolvers/context.ts'
import type { AsOf } from '../resolvers/runs.ts'

/** Longer than other text: a cursor holds ids. */
const CURSOR = { maxLength: 4096 }

export const builder = new SchemaBuilder<{
  Context: Context
  Scalars: {
    DateTime: { Input: string; Output: string }
    Date: { Input: string; Output: string }
    AsOf: { Input: AsOf; Output: AsOf }
  }
}>({
  plugins: [RelayPlugin, DataloaderPlugin],
  relay: {
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    cursorType: 'String',
    pageInfoTypeOptions: { description: 'Where a page lies in its list.' },
    hasNextPageFieldOptions: { description: 'There are rows after this page.' },
    hasPreviousPageFieldOptions: { description: 'There are rows before this page.' },
    startCursorFieldOptions: { description: 'Cursor of the first row of the page; null when it is empty.' },
    endCursorFieldOptions: { description: 'Cursor of the last row of the page, for `after`; null when it is empty.' },
    pageInfoFieldOptions: { description: 'Where this page lies in the list.', extensions: { columns: [] } },
    edgesFieldOptions: { description: 'The rows of the page with their cursors.' },
    nodeFieldOptions: { description: 'The row.' },
    cursorFieldOptions: {
      description: 'The place of the row in the list, for `after` and `before`.',
      extensions: { columns: [] },
    },
    firstArgOptions: {
      description:
        'How many rows from the beginning (or from `after`): 1 to 500, 20 when neither `first` nor `last` is given.',
    },
    lastArgOptions: {
      description: 'How many rows from the end (or from `before`): 1 to 500. They come in the order of the list.',
    },
    afterArgOptions: {
      description: 'Only rows after this cursor. A page is read in the run of its cursors.',
      extensions: CURSOR,
    },
    beforeArgOptions: { description: 'Only rows before this cursor.', extensions: CURSOR },
  },
})

builder.queryType({
  description: 'Where signups, sales and companies come from. Every answer shows one published run.',
})
