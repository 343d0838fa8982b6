// Serves two operations of Jasper's Terminal.wsdl with the npm package `soap`: node serve.js DIRECTORY
//
// The package reads requests and writes answers by the schema. What it was asked comes out as a line of JSON each; the first line is the port.
'use strict';

const fs = require('fs');
const http = require('http');
const path = require('path');
const soap = require('soap');

const TERMINALS = 23;
const MODIFIED = '2018-05-17T02:05:09.000Z';

const file = path.join(process.argv[2], 'Terminal.wsdl');
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const iccid = (number) => `8986${String(number).padStart(16, '0')}`;

function answer(operation, asked, more) {
  const { messageId, version, licenseKey, since, iccids } = asked;
  say({ operation, messageId, version, licenseKey, since, iccids });
  return { correlationId: messageId, version, build: 'stand-in', timestamp: '2018-05-18T00:00:00.000Z', ...more };
}

const operations = {
  GetModifiedTerminals: (asked) => {
    const listed = Array.from({ length: TERMINALS }, (_, number) => iccid(number));
    return answer('GetModifiedTerminals', asked, { iccids: { iccid: listed } });
  },
  GetTerminalDetails: (asked) => {
    const wanted = [].concat(asked.iccids.iccid);
    const terminal = wanted.map((number) => ({
      attributes: { msisdn: `88${number}` },
      iccid: number,
      status: 'ACTIVATED_NAME',
      monthToDateUsage: '0.500',
      overageLimitReached: false,
      dateModified: MODIFIED,
    }));
    return answer('GetTerminalDetails', asked, { terminals: { terminal } });
  },
};

const server = http.createServer((request, response) => response.writeHead(404).end());
server.listen(0, '127.0.0.1', () => {
  const service = { TerminalService: { TerminalPort: operations } };
  const listener = soap.listen(server, '/ws/service/Terminal', service, fs.readFileSync(file, 'utf8'), () => {
    say(server.address().port);
  });
  listener.authenticate = (security) => {
    const token = security && security.UsernameToken;
    const password = token && (token.Password.$value || token.Password);
    return Boolean(token) && token.Username === 'user@example.com' && password === 'correct horse';
  };
});
