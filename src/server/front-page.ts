import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { page } from './replies.ts'

const FILE = new URL('../../web/index.html', import.meta.url)

/** `GET /`: the page in web/, which may run its own script and ask this server, and nothing else. */
export async function frontPage(): Promise<Response> {
  const html = await readFile(FILE, 'utf8')
  return page(
    html,
    `default-src 'none'; script-src ${hashes(html, 'script')}; style-src ${hashes(html, 'style')}; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  )
}

function hashes(html: string, tag: 'script' | 'style'): string {
  const parts = [...html.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, 'gs'))]
  return parts.map(([, content = '']) => `'sha256-${createHash('sha256').update(content).digest('base64')}'`).join(' ')
}
