#!/bin/sh
# Regenerates every throw-away test key in keys/. Needs openssl 3. Not needed for
# normal use: the keys are committed so that tests can refer to them.
# None of these keys protects anything; they are for loopback tests only.
set -eu
cd "$(dirname "$0")/keys"
rm -f ./*.pem ./*.crt ./*.srl ./*.csr

# private_key_jwt client keys (PKCS#8)
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out pkj-es256.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out pkj-es384.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out pkj-rs256.pem
openssl genpkey -algorithm ed25519 -out pkj-eddsa.pem
# the second key of the rotation client
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out pkj-es256-next.pem
# DPoP keys a client may use
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out dpop-es256.pem
openssl genpkey -algorithm ed25519 -out dpop-eddsa.pem
# keys with which the server signs JWT access tokens
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out as-es256.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out as-rs256.pem

# TLS: a CA, a server certificate, a CA-signed and a self-signed client certificate
ext() { printf '%s\n' "$@" > ext.tmp; }
ec() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }
ec ca.pem
openssl req -x509 -new -key ca.pem -sha256 -days 36500 -subj '/O=alf test/CN=alf test CA' \
  -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign' -out ca.crt
ec server.pem
openssl req -new -key server.pem -subj '/O=alf test/CN=localhost' -out server.csr
ext 'basicConstraints=CA:FALSE' 'keyUsage=critical,digitalSignature' 'extendedKeyUsage=serverAuth' \
  'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.pem -CAcreateserial -sha256 -days 36500 -extfile ext.tmp -out server.crt
# the server under a name that is not its own
ec elsewhere.pem
openssl req -new -key elsewhere.pem -subj '/O=alf test/CN=elsewhere.test' -out elsewhere.csr
ext 'basicConstraints=CA:FALSE' 'keyUsage=critical,digitalSignature' 'extendedKeyUsage=serverAuth' \
  'subjectAltName=DNS:elsewhere.test'
openssl x509 -req -in elsewhere.csr -CA ca.crt -CAkey ca.pem -CAcreateserial -sha256 -days 36500 -extfile ext.tmp -out elsewhere.crt
for c in client other-client; do
  ec $c.pem
  openssl req -new -key $c.pem -subj "/O=alf test/CN=$c" -out $c.csr
  ext 'basicConstraints=CA:FALSE' 'keyUsage=critical,digitalSignature' 'extendedKeyUsage=clientAuth' \
    "subjectAltName=DNS:$c.alf.test"
  openssl x509 -req -in $c.csr -CA ca.crt -CAkey ca.pem -CAcreateserial -sha256 -days 36500 -extfile ext.tmp -out $c.crt
done
ec client-self.pem
openssl req -x509 -new -key client-self.pem -sha256 -days 36500 -subj '/O=alf test/CN=client-self' \
  -addext 'basicConstraints=critical,CA:FALSE' -addext 'extendedKeyUsage=clientAuth' -out client-self.crt
rm -f ./*.csr ./*.srl ext.tmp
