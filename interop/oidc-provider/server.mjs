// An OAuth 2.0 authorization server that alf's tests can talk to: npm `oidc-provider`
// with client_credentials clients for every client authentication method, plus a small
// protected resource. Loopback only, in-memory only. See README.md.
import { createHash, createPrivateKey, createPublicKey, randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { calculateJwkThumbprint, createLocalJWKSet, EmbeddedJWK, jwtVerify } from 'jose';
import { errors, Provider } from 'oidc-provider';

URL.parse ??= (url, base) => { try { return new URL(url, base); } catch { return null; } }; // Node 20 lacks it

const PORT = Number(process.env.PORT ?? 9400);
const TLS_PORT = Number(process.env.TLS_PORT ?? PORT + 1);
const WRONG_NAME_PORT = Number(process.env.WRONG_NAME_PORT ?? PORT + 2);
const SHORT_TTL = Number(process.env.SHORT_TTL ?? 2); // seconds
const HOST = '127.0.0.1';
const ISSUER = `http://${HOST}:${PORT}`;

const file = (name) => readFileSync(new URL(`keys/${name}`, import.meta.url));
const publicJwk = (name, extra) => ({ ...createPublicKey(file(name)).export({ format: 'jwk' }), use: 'sig', ...extra });
const privateJwk = (name, extra) => ({ ...createPrivateKey(file(name)).export({ format: 'jwk' }), use: 'sig', ...extra });
const certJwk = (name) => {
  const cert = new X509Certificate(file(name));
  return { ...cert.publicKey.export({ format: 'jwk' }), x5c: [cert.raw.toString('base64')] };
};

// ---------------------------------------------------------------- clients
const cc = (client) => ({
  grant_types: ['client_credentials'], response_types: [], redirect_uris: [], scope: 'read write', ...client,
});
const basic = (client_id, client_secret, extra) => cc({ client_id, client_secret, token_endpoint_auth_method: 'client_secret_basic', ...extra });
const pkj = (client_id, alg, keys, extra) => cc({
  client_id, token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: alg, jwks: { keys }, ...extra,
});
const S = 'alf-test-secret-0123456789-0123456789';
const clients = [
  basic('basic', S),
  // every character here changes meaning when RFC 6749 2.3.1's form-urlencoding is skipped
  basic('odd:id %41+/&=', 'odd:secret %41+/&=?"~'),
  cc({ client_id: 'post', client_secret: 'odd:secret %41+/&=', token_endpoint_auth_method: 'client_secret_post' }),
  cc({ client_id: 'secret-jwt', client_secret: S, token_endpoint_auth_method: 'client_secret_jwt', token_endpoint_auth_signing_alg: 'HS256' }),
  cc({ client_id: 'secret-jwt-512', client_secret: `${S}${S}`, token_endpoint_auth_method: 'client_secret_jwt', token_endpoint_auth_signing_alg: 'HS512' }),
  pkj('pkj-es256', 'ES256', [publicJwk('pkj-es256.pem', { kid: 'es256' })]),
  pkj('pkj-es384', 'ES384', [publicJwk('pkj-es384.pem', { kid: 'es384' })]),
  pkj('pkj-rs256', 'RS256', [publicJwk('pkj-rs256.pem', { kid: 'rs256' })]),
  pkj('pkj-ps256', 'PS256', [publicJwk('pkj-rs256.pem', { kid: 'ps256' })]),
  pkj('pkj-eddsa', 'EdDSA', [publicJwk('pkj-eddsa.pem', { kid: 'eddsa' })]),
  pkj('pkj-ed25519', 'Ed25519', [publicJwk('pkj-eddsa.pem', { kid: 'ed25519' })]),
  // two keys of one algorithm: the assertion's kid picks one
  pkj('pkj-rotating', 'ES256', [publicJwk('pkj-es256.pem', { kid: 'old' }), publicJwk('pkj-es256-next.pem', { kid: 'new' })]),
  cc({ client_id: 'tls-dn', token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: 'CN=client,O=alf test' }),
  cc({ client_id: 'tls-san', token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_dns: 'client.alf.test' }),
  cc({ client_id: 'tls-self', token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks: { keys: [certJwk('client-self.crt')] } }),
  // access tokens bound to the client certificate (RFC 8705 section 3)
  cc({
    client_id: 'tls-bound', token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_dns: 'client.alf.test',
    tls_client_certificate_bound_access_tokens: true,
  }),
  basic('dpop', S, { dpop_bound_access_tokens: true }),
  basic('dpop-nonce', S, { dpop_bound_access_tokens: true }),
  pkj('dpop-nonce-pkj', 'ES256', [publicJwk('pkj-es256.pem', { kid: 'es256' })], { dpop_bound_access_tokens: true }),
  basic('short', S),
  basic('short-dpop', S, { dpop_bound_access_tokens: true }),
  basic('no-grant', S, { grant_types: [], scope: undefined }),
  basic('expired', S, { client_secret_expires_at: 1 }),
  basic('introspector', S),
];

// ---------------------------------------------------------------- resource indicators
const resources = {
  'https://api.test/opaque': { accessTokenFormat: 'opaque', accessTokenTTL: 600 },
  'https://api.test/jwt': { accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg: 'ES256' } } },
  'https://api.test/jwt-rs256': { accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg: 'RS256' } } },
  'https://api.test/short': { accessTokenFormat: 'opaque', accessTokenTTL: SHORT_TTL },
  'https://api.test/short-jwt': { accessTokenFormat: 'jwt', accessTokenTTL: SHORT_TTL, jwt: { sign: { alg: 'ES256' } } },
};

const asKeys = [privateJwk('as-es256.pem', { alg: 'ES256', kid: 'as-es256' }), privateJwk('as-rs256.pem', { alg: 'RS256', kid: 'as-rs256' })];
const peerCertificate = (ctx) => ctx.socket.getPeerX509Certificate?.();

const provider = new Provider(ISSUER, {
  clients,
  jwks: { keys: asKeys },
  scopes: ['read', 'write'],
  discovery: { mtls_endpoint_aliases: { token_endpoint: `https://${HOST}:${TLS_PORT}/token` } }, // RFC 8705 section 5
  clientAuthMethods: [
    'client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt',
    'tls_client_auth', 'self_signed_tls_client_auth', 'none',
  ],
  enabledJWA: {
    clientAuthSigningAlgValues: ['HS256', 'HS384', 'HS512', 'RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'],
    dPoPSigningAlgValues: ['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256'],
  },
  ttl: { ClientCredentials: (ctx, token, client) => token.resourceServer?.accessTokenTTL ?? (client.clientId.startsWith('short') ? SHORT_TTL : 600) },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true, allowedPolicy: (ctx, client, token) => client.clientId === token.clientId },
    dPoP: {
      enabled: true,
      nonceSecret: randomBytes(32),
      requireNonce: (ctx) => ctx.oidc.client?.clientId.startsWith('dpop-nonce') ?? false,
    },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      selfSignedTlsClientAuth: true,
      tlsClientAuth: true,
      getCertificate: peerCertificate,
      certificateAuthorized: (ctx) => ctx.socket.authorized === true,
      certificateSubjectMatches(ctx, property, expected) {
        const cert = peerCertificate(ctx);
        switch (property) {
          case 'tls_client_auth_subject_dn': return cert.subject.split('\n').reverse().join(',') === expected;
          case 'tls_client_auth_san_dns': return cert.subjectAltName.split(', ').includes(`DNS:${expected}`);
          default: return false;
        }
      },
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo(ctx, resource) {
        const info = resources[resource];
        if (!info) throw new errors.InvalidTarget();
        return { scope: 'read write', audience: resource, ...info };
      },
    },
  },
});

provider.proxy = true; // behind a proxy: X-Forwarded-Proto and X-Forwarded-Host are believed

// ---------------------------------------------------------------- protected resource
const jwks = createLocalJWKSet({ keys: asKeys.map(({ d, p, q, dp, dq, qi, ...pub }) => pub) });
const ALGS = ['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256'];
const seenProofs = new Set();
let revokedBefore = 0; // tokens issued up to this many ms since the epoch are refused
let issuedAt = new Map(); // sha256(token) -> ms, for the test control that revokes everything
let rsNonce = randomBytes(12).toString('base64url');
const hash = (s) => createHash('sha256').update(s).digest('base64url');

async function findToken(value) {
  if (value.split('.').length === 3) {
    const { payload } = await jwtVerify(value, jwks, { issuer: ISSUER, typ: 'at+jwt' }).catch(() => ({}));
    return payload && { ...payload, cnf: payload.cnf ?? {} };
  }
  const t = await provider.ClientCredentials.find(value);
  return t?.isValid ? { client_id: t.clientId, scope: t.scope, aud: t.aud, cnf: { jkt: t.jkt, 'x5t#S256': t['x5t#S256'] } } : undefined;
}

async function resource(req, res, url) {
  const wantNonce = url.pathname.startsWith('/api/nonce');
  const challenge = (status, scheme, fields, headers = {}) => {
    const params = Object.entries({ realm: 'alf-test', ...fields }).map(([k, v]) => `${k}="${v}"`).join(', ');
    res.writeHead(status, { 'www-authenticate': `${scheme} ${params}`, 'content-type': 'application/json', ...headers });
    res.end(JSON.stringify({ error: fields.error ?? 'unauthorized' }));
  };
  const [scheme = '', value = '', ...rest] = (req.headers.authorization ?? '').split(' ');
  const dpop = scheme.toLowerCase() === 'dpop';
  if (!req.headers.authorization) {
    // two challenges in one response, as two header lines
    res.writeHead(401, [['WWW-Authenticate', 'Bearer realm="alf-test"'], ['WWW-Authenticate', `DPoP realm="alf-test", algs="${ALGS.join(' ')}"`]].flat());
    return res.end();
  }
  if (!value || rest.length || (!dpop && scheme.toLowerCase() !== 'bearer')) return challenge(400, 'Bearer', { error: 'invalid_request' });
  const reject = (description) => challenge(401, dpop ? 'DPoP' : 'Bearer', { error: 'invalid_token', error_description: description, ...(dpop && { algs: ALGS.join(' ') }) });

  const token = await findToken(value);
  if (!token) return reject('token unknown, expired or revoked');
  if ((issuedAt.get(hash(value)) ?? 0) <= revokedBefore) return reject('token revoked');
  if (!!token.cnf.jkt !== dpop) return reject(dpop ? 'token is not DPoP-bound' : 'token is DPoP-bound: the DPoP scheme is needed');
  if (token.cnf['x5t#S256']) {
    const cert = req.socket.getPeerX509Certificate?.();
    if (!cert || createHash('sha256').update(cert.raw).digest('base64url') !== token.cnf['x5t#S256']) return reject('certificate does not match the token');
  }
  let headers = {};
  if (dpop) {
    let proof;
    try {
      proof = await jwtVerify(req.headers.dpop ?? '', EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ALGS, maxTokenAge: '60s', clockTolerance: 5 });
      const { payload, protectedHeader } = proof;
      const htu = new URL(payload.htu);
      htu.hash = ''; htu.search = '';
      if (payload.htm !== req.method) throw new Error('htm');
      if (htu.href !== `${url.origin}${url.pathname}`) throw new Error('htu');
      if (payload.ath !== hash(value)) throw new Error('ath');
      if (await calculateJwkThumbprint(protectedHeader.jwk) !== token.cnf.jkt) throw new Error('jkt');
    } catch (err) {
      return challenge(401, 'DPoP', { error: 'invalid_dpop_proof', error_description: `bad proof: ${err.message}`.replace(/"/g, "'"), algs: ALGS.join(' ') });
    }
    if (wantNonce) {
      if (proof.payload.nonce !== rsNonce) {
        return challenge(401, 'DPoP', { error: 'use_dpop_nonce', error_description: 'Resource server requires nonce in DPoP proof', algs: ALGS.join(' ') }, { 'dpop-nonce': rsNonce, 'cache-control': 'no-store' });
      }
      if (url.pathname === '/api/nonce/once') { // a new nonce with every good response
        rsNonce = randomBytes(12).toString('base64url');
        headers['dpop-nonce'] = rsNonce;
      }
    }
    const id = `${token.cnf.jkt} ${proof.payload.jti}`;
    if (seenProofs.has(id)) return challenge(401, 'DPoP', { error: 'invalid_dpop_proof', error_description: 'proof replayed', algs: ALGS.join(' ') });
    seenProofs.add(id);
  }
  const need = url.searchParams.get('scope');
  if (need && !(token.scope ?? '').split(' ').includes(need)) return challenge(403, dpop ? 'DPoP' : 'Bearer', { error: 'insufficient_scope', scope: need });
  const body = [];
  for await (const chunk of req) body.push(chunk);
  res.writeHead(200, { 'content-type': 'application/json', ...headers });
  res.end(JSON.stringify({
    ok: true, client_id: token.client_id, scope: token.scope, aud: token.aud, scheme: dpop ? 'DPoP' : 'Bearer',
    method: req.method, path: url.pathname + url.search, body_length: Buffer.concat(body).length, body_sha256: hash(Buffer.concat(body)),
  }));
}

// ---------------------------------------------------------------- test controls and request log
let log = [];
let faults = [];
const json = (res, status, body) => { res.writeHead(status, { 'content-type': 'application/json' }); res.end(JSON.stringify(body)); };
async function control(req, res, url) {
  const route = `${req.method} ${url.pathname}`;
  const chunks = [];
  for await (const c of req) chunks.push(c);
  switch (route) {
    case 'GET /_test/requests': return json(res, 200, log);
    case 'POST /_test/reset': log = []; faults = []; revokedBefore = 0; return json(res, 200, {});
    case 'POST /_test/revoke-all': revokedBefore = Date.now(); return json(res, 200, { revoked_before: revokedBefore });
    case 'POST /_test/rotate-nonce': rsNonce = randomBytes(12).toString('base64url'); return json(res, 200, {});
    case 'POST /_test/faults': faults.push(...[JSON.parse(Buffer.concat(chunks))].flat()); return json(res, 200, { pending: faults.length });
    default: return json(res, 404, {});
  }
}

const callback = provider.callback();
async function handle(req, res) {
  const proto = req.headers['x-forwarded-proto'] ?? (req.socket.encrypted ? 'https' : 'http');
  const url = new URL(req.url, `${proto}://${req.headers['x-forwarded-host'] ?? req.headers.host}`);
  if (url.pathname.startsWith('/_test/')) return control(req, res, url);
  const entry = {
    at: Date.now(), tls: !!req.socket.encrypted, method: req.method, path: url.pathname, query: url.search,
    authorization: req.headers.authorization?.split(' ')[0], content_type: req.headers['content-type'],
    accept: req.headers.accept, user_agent: req.headers['user-agent'], dpop: !!req.headers.dpop,
  };
  log.push(entry);
  if (log.length > 10_000) log.shift();
  res.on('finish', () => { entry.status = res.statusCode; });
  if (url.pathname.startsWith('/api/')) return resource(req, res, url);
  if (url.pathname === '/token' && faults.length) {
    const { status, headers = {}, body = '', delay_ms = 0, hang_up } = faults.shift();
    if (status || hang_up) req.resume(); // else the provider reads the body
    await new Promise((r) => { setTimeout(r, delay_ms); });
    if (hang_up) return req.socket.destroy();
    if (status) { res.writeHead(status, headers); return res.end(typeof body === 'string' ? body : JSON.stringify(body)); }
  }
  return callback(req, res);
}
provider.on('grant.success', (ctx) => { issuedAt.set(hash(ctx.body.access_token), Date.now()); });
provider.on('server_error', (ctx, err) => { console.error('server_error', err); });

const guarded = (req, res) => handle(req, res).catch((err) => { console.error(err); res.headersSent ? res.destroy() : json(res, 500, { error: 'test_server_error' }); });
http.createServer(guarded).listen(PORT, HOST, () => {
  https.createServer({
    key: file('server.pem'), cert: file('server.crt'), ca: file('ca.crt'), requestCert: true, rejectUnauthorized: false,
  }, guarded).listen(TLS_PORT, HOST, () => {
    // the same server under a certificate for another name, which no client may accept
    https.createServer({ key: file('elsewhere.pem'), cert: file('elsewhere.crt') }, guarded)
      .listen(WRONG_NAME_PORT, HOST, () => console.log(`ready ${ISSUER} https://${HOST}:${TLS_PORT} pid ${process.pid}`));
  });
});
if (process.env.ENDS_WITH_STDIN) process.stdin.on('close', () => process.exit(0)).resume();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));
