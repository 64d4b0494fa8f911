import { expect, it } from 'vitest'
import { isLocalHost, siteOf } from '../../src/check/domains.ts'
import { likelySignups } from './names.ts'

it.each([
  ['www.acme.com', 'acme.com'],
  ['acme.com', 'acme.com'],
  ['a.b.acme.co.uk', 'acme.co.uk'],
  ['acme.co.uk', 'acme.co.uk'],
  ['shop.acme.de', 'acme.de'],
  ['co.de', 'co.de'],
  ['acme.github.io', 'acme.github.io'],
  ['preview.acme.vercel.app', 'acme.vercel.app'],
  ['localhost', 'localhost'],
  ['10.0.0.1', '10.0.0.1'],
])('the site of %s is %s', (host, site) => expect(siteOf(host)).toBe(site))

it('knows machines from sites', () => {
  expect(['localhost', '127.0.0.1', '[::1]', 'mac.local', 'api'].filter((host) => !isLocalHost(host))).toEqual([])
  expect(['acme.com', '4chan.org', 'local.acme.com'].filter(isLocalHost)).toEqual([])
})

it('tells a signup from the way to it', () => {
  const names = ['Signed Up', 'signup', 'User Registered', 'accountCreated', 'Created Account', 'User Signed Up v2']
  const others = [
    'Signup Started',
    'Signup Form Viewed',
    'Sign In',
    'Order Completed',
    'Design Upvoted',
    'Signup Failed',
  ]
  expect(likelySignups([...names, ...others])).toEqual(names)
})
