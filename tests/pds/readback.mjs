// An independent client (@atproto/api): makes accounts and reads back what was posted. Prints one JSON value,
// or the text where it is one.
//
//   node readback.mjs account SERVICE HANDLE          a new account with an app password
//   node readback.mjs posts SERVICE HANDLE_OR_DID     its posts, oldest first, with the bytes of their images
//   node readback.mjs deactivate SERVICE HANDLE       its owner deactivates the account
//   node readback.mjs expired TOKEN                   the same access token, correctly signed, that has expired

import { createHmac } from 'node:crypto'
import { jwtSecret, load } from './rig.mjs'

const { AtpAgent, RichText } = load('@atproto/api')

const commands = { account, deactivate, posts, expired }

const passwordOf = (handle) => `password of ${handle}`

async function account(service, handle) {
  const agent = new AtpAgent({ service })
  const password = passwordOf(handle)
  const email = `${handle.split('.')[0]}@example.test`
  await agent.createAccount({ handle, password, email })
  const { data } = await agent.com.atproto.server.createAppPassword({ name: 'autoposter' })
  return { did: agent.session.did, handle, password, app_password: data.password }
}

async function deactivate(service, handle) {
  const agent = new AtpAgent({ service })
  await agent.login({ identifier: handle, password: passwordOf(handle) })
  await agent.com.atproto.server.deactivateAccount({})
  return {}
}

async function posts(service, repo) {
  const agent = new AtpAgent({ service })
  const { data: description } = await agent.com.atproto.repo.describeRepo({ repo })
  const found = []
  let cursor
  do {
    const { data } = await agent.com.atproto.repo.listRecords({
      repo,
      collection: 'app.bsky.feed.post',
      limit: 100,
      reverse: true,
      cursor,
    })
    found.push(...data.records)
    cursor = data.cursor
  } while (cursor)
  return Promise.all(found.map((record) => read(agent, description.did, record)))
}

async function read(agent, did, { uri, cid, value }) {
  const images = (value.embed?.images ?? []).map(async ({ alt, aspectRatio, image }) => {
    const { data, headers } = await agent.com.atproto.sync.getBlob({ did, cid: image.ref.toString() })
    return {
      alt,
      aspect_ratio: aspectRatio ?? null,
      content_type: headers['content-type'],
      base64: Buffer.from(data).toString('base64'),
    }
  })
  // The client's own reading of the byte ranges.
  const segments = [...new RichText({ text: value.text, facets: value.facets }).segments()].map((segment) => ({
    text: segment.text,
    link: segment.link?.uri ?? null,
    mention: segment.mention?.did ?? null,
    tag: segment.tag?.tag ?? null,
  }))
  return { uri, cid, record: value, segments, images: await Promise.all(images) }
}

function expired(token) {
  const [header, payload] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url'))
  claims.iat -= 86400
  claims.exp = claims.iat + 60
  const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
  const signature = createHmac('sha256', jwtSecret).update(signed).digest('base64url')
  return `${signed}.${signature}`
}

const [name, ...args] = process.argv.slice(2)
if (!Object.hasOwn(commands, name)) {
  console.error(`use one of ${Object.keys(commands).join(', ')}`)
  process.exit(2)
}
const result = await commands[name](...args)
console.log(typeof result === 'string' ? result : JSON.stringify(result))
