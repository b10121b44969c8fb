// The PDS and the PLC directory listen on every interface and offer no setting for it. Loaded before them, this keeps
// every server of the process on loopback.
'use strict'

const net = require('node:net')

const listen = net.Server.prototype.listen

net.Server.prototype.listen = function (...args) {
  const [first, second] = args
  if (typeof first === 'number' && typeof second !== 'string') {
    args.splice(1, 0, '127.0.0.1')
  } else if (first !== null && typeof first === 'object' && 'port' in first && !first.host) {
    args[0] = { ...first, host: '127.0.0.1' }
  }
  return listen.apply(this, args)
}
