/**
 * Whether a text is an address of a Postgres. A password with `@`, `/`, `#` or `?` has to be percent-encoded: otherwise a part of
 * it would be taken for the host or the database, which messages name.
 */
export function isPostgresAddress(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, hostname, pathname, search, hash } = new URL(value)
  const isSplit = hash !== '' || `${pathname}${search}`.includes('@')
  return /^postgres(ql)?:$/.test(protocol) && hostname !== '' && pathname.length > 1 && !isSplit
}

/** What to do when it is none. */
export const ENCODE = 'Characters such as @ / # ? in a password are written %40 %2F %23 %3F.'
