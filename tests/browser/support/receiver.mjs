// Somebody who takes notices, and answers as told.

import { once } from 'node:events';
import { createServer } from 'node:http';

/** An HTTP server on this machine: what it was sent, the status that it answers, and `arrived(what)`, which waits. */
export async function receive() {
  const receiver = { status: 200, received: [] };
  const arrivals = new EventTarget();
  receiver.arrived = async (what) => {
    while (!receiver.received.some(({ body }) => what.test(body))) await once(arrivals, 'arrival');
  };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text) => {
      body += text;
    });
    request.on('end', () => {
      receiver.received.push({ path: request.url, headers: request.headers, body });
      response.writeHead(receiver.status, { 'Content-Type': 'application/json' });
      response.end('{"errcode":0}');
      arrivals.dispatchEvent(new Event('arrival'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  receiver.url = `http://127.0.0.1:${server.address().port}/hook`;
  receiver.close = () => {
    server.closeAllConnections();
    server.close();
  };
  return receiver;
}
