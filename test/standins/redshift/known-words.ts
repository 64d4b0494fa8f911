/** Functions that Redshift documents and runs where rows are, as far as this project uses them. */
export const functions: ReadonlySet<string> = new Set([
  // aggregates and windows
  ...['count', 'sum', 'min', 'max', 'avg', 'median', 'listagg', 'row_number', 'rank', 'dense_rank', 'lag', 'lead'],
  ...['first_value', 'last_value', 'ntile'],
  // numbers
  ...[
    'abs',
    'ceil',
    'ceiling',
    'floor',
    'round',
    'trunc',
    'mod',
    'power',
    'sqrt',
    'exp',
    'ln',
    'log',
    'sign',
    'random',
  ],
  ...['greatest', 'least', 'strtol'],
  // texts
  ...[
    'length',
    'len',
    'lower',
    'upper',
    'btrim',
    'ltrim',
    'rtrim',
    'substring',
    'substr',
    'left',
    'right',
    'strpos',
    'replace',
  ],
  ...['translate', 'lpad', 'rpad', 'split_part', 'chr', 'ascii', 'octet_length', 'md5', 'concat', 'repeat', 'reverse'],
  ...[
    'regexp_substr',
    'regexp_replace',
    'regexp_count',
    'regexp_instr',
    'to_hex',
    'from_hex',
    'to_varbyte',
    'from_varbyte',
  ],
  // JSON
  ...['json_parse', 'can_json_parse', 'is_valid_json', 'json_serialize', 'json_typeof', 'field'],
  // times
  ...[
    'datediff',
    'dateadd',
    'date_trunc',
    'date_part',
    'extract',
    'convert_timezone',
    'timezone',
    'getdate',
    'sysdate',
  ],
  ...['to_char', 'to_date', 'to_timestamp', 'last_day', 'add_months', 'coalesce', 'nullif', 'nvl', 'position'],
])

/** Types of columns and casts. `text` is none of them: it is cut to 256 bytes. */
export const types: ReadonlySet<string> = new Set([
  ...['int8', 'bigint', 'int4', 'int2', 'varchar', 'bpchar', 'bool', 'boolean', 'float8', 'float4', 'numeric'],
  ...['timestamp', 'timestamptz', 'date', 'interval', 'super', 'varbyte'],
])

/** Words that Redshift reserves and Postgres does not: names only in quotes. Without those that our SQL uses as key words. */
export const reservedWords: ReadonlySet<string> = new Set([
  ...['aes128', 'aes256', 'allowoverwrite', 'az64', 'binary', 'blanksasnull', 'bytedict', 'bzip2', 'credentials'],
  ...['current_user_id', 'deflate', 'defrag', 'delta', 'delta32k', 'disable', 'emptyasnull', 'enable', 'encrypt'],
  ...[
    'encryption',
    'explicit',
    'globaldict256',
    'globaldict64k',
    'gzip',
    'ignore',
    'lun',
    'luns',
    'lzo',
    'lzop',
    'minus',
  ],
  ...['mostly8', 'mostly16', 'mostly32', 'new', 'off', 'offline', 'old', 'open', 'parallel', 'percent'],
  ...['permissions', 'pivot', 'raw', 'readratio', 'recover', 'rejectlog', 'resort', 'respect', 'restore', 'snapshot'],
  ...['system', 'tag', 'tdes', 'text255', 'text32k', 'top', 'truncatecolumns', 'unpivot', 'wallet', 'without'],
])
