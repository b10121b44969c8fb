// A person at the consent page of the server, without a browser: signs in, agrees or declines, and prints what a browser
// would bring back, as one JSON object.
//
//   node consent.mjs agree ADDRESS HANDLE PASSWORD
//   node consent.mjs decline ADDRESS

import { request } from 'node:http'

const [act, address, username, password] = process.argv.slice(2)
const page = new URL(address)
const cookies = new Map()

// Not fetch, which says by itself from where it asks; the server listens to that.
function send(method, url, headers, body) {
  return new Promise((resolve, reject) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const agent = { 'user-agent': 'rig', 'accept-language': 'en' }
    const call = request(url, { method, headers: { ...agent, ...headers, cookie } }, (answer) => {
      for (const set of answer.headers['set-cookie'] ?? []) {
        const [name, value] = set.split(';')[0].split('=')
        cookies.set(name, value)
      }
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk) => (text += chunk))
      answer.on('end', () => resolve({ status: answer.statusCode, text }))
    })
    call.on('error', reject)
    call.end(body)
  })
}

async function call(name, input, headers = {}) {
  const url = new URL(`/@atproto/oauth-provider/~api/${name}`, page)
  const own = {
    'content-type': 'application/json',
    'sec-fetch-dest': 'empty',
    'sec-fetch-mode': 'same-origin',
    'sec-fetch-site': 'same-origin',
    'x-csrf-token': cookies.get('csrf-token'),
    origin: page.origin,
    referer: page.href,
  }
  const { status, text } = await send('POST', url, { ...own, ...headers }, JSON.stringify(input))
  if (status !== 200) throw new Error(`${name}: ${status} ${text}`)
  return JSON.parse(text)
}

const opened = await send('GET', page, {
  'sec-fetch-dest': 'document',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-site': 'none',
})
if (opened.status !== 200) throw new Error(`the page: ${opened.status} ${opened.text}`)

async function agree() {
  const { account, ephemeralToken } = await call('sign-in', { locale: 'en', username, password, remember: false })
  return call('consent', { sub: account.sub }, { authorization: `Bearer ${ephemeralToken}` })
}

const { url } = await (act === 'agree' ? agree() : call('reject', {}))
const back = Object.fromEntries(new URL(url).searchParams)
const brought = ['state', 'code', 'iss', 'error'].filter((name) => name in back).map((name) => [name, back[name]])
console.log(JSON.stringify(Object.fromEntries(brought)))
