#!/usr/bin/env bash
# Makes the fixtures of this folder anew, in a folder of one's choice: `bash make.sh out`.
# Keys and certificates are for tests alone. Needs OpenSSL 3 with its legacy provider, and OpenSSH.
set -euo pipefail
mkdir -p "$1" && cd "$1"

ca() { # name subject key-options…
  local name=$1 subject=$2
  shift 2
  openssl genpkey "$@" -out "$name.key" 2>/dev/null
  openssl req -x509 -new -key "$name.key" -subj "$subject" -utf8 -days 7300 -out "$name.pem" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
}

leaf() { # name subject issuer names not-before not-after key-options…
  local name=$1 subject=$2 issuer=$3 names=$4 from=$5 until=$6
  shift 6
  openssl genpkey "$@" -out "$name.key" 2>/dev/null
  openssl req -new -key "$name.key" -subj "$subject" -utf8 -out "$name.csr"
  printf 'subjectAltName=%s\nbasicConstraints=%s\n' "$names" "${constraints:-CA:FALSE}" >"$name.ext"
  rm -rf "db" && mkdir db && : >db/index && echo "01A2$RANDOM" | cut -c1-8 >db/serial
  cat >db/ca.cnf <<CNF
[ca]
default_ca=it
[it]
database=db/index
serial=db/serial
new_certs_dir=db
default_md=sha256
policy=any
unique_subject=no
string_mask=utf8only
[any]
commonName=optional
organizationName=optional
countryName=optional
CNF
  openssl ca -batch -notext -config db/ca.cnf -utf8 -cert "$issuer.pem" -keyfile "$issuer.key" -in "$name.csr" \
    -extfile "$name.ext" -startdate "$from" -enddate "$until" -out "$name.pem"
}

p256=(-algorithm EC -pkeyopt ec_paramgen_curve:P-256)
rsa=(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)

ca root '/C=GB/O=Example Test/CN=Example Test Root' -algorithm EC -pkeyopt ec_paramgen_curve:P-384
constraints=CA:TRUE leaf middle '/O=Example Test/CN=Example Test Issuing' root DNS:unused.example \
  20250101000000Z 20450101000000Z "${p256[@]}"
leaf wildcard '/O=Example Ltd/CN=*.example.com' middle 'DNS:*.example.com,DNS:example.com,IP:192.0.2.7,IP:2001:db8::7,email:ops@example.com,URI:https://example.com/' \
  20260101000000Z 20360101000000Z "${p256[@]}"
leaf rsa '/CN=rsa.example.com' middle DNS:rsa.example.com 20260101000000Z 20360101000000Z "${rsa[@]}"
leaf ed25519 '/CN=ed.example.com' middle DNS:ed.example.com 20260101000000Z 20360101000000Z -algorithm ED25519
leaf expired '/CN=old.example.com' middle DNS:old.example.com 20200101000000Z 20210101000000Z "${p256[@]}"
leaf future '/CN=new.example.com' middle DNS:new.example.com 20480101000000Z 20991231235959Z "${p256[@]}"
leaf international '/O=Bücher & Söhne GmbH/CN=пример.рф' middle DNS:xn--e1afmkfd.xn--p1ai 20260101000000Z 20360101000000Z "${p256[@]}"
openssl req -x509 -new -key wildcard.key -subj /CN=localhost -days 7300 -addext subjectAltName=DNS:localhost -out self-signed.pem

cat wildcard.pem middle.pem root.pem >chain.pem
cat root.pem middle.pem wildcard.pem >reversed.pem
openssl x509 -in wildcard.pem -outform DER -out wildcard.der
openssl pkey -in rsa.key -traditional -out rsa-pkcs1.key
openssl pkey -in wildcard.key -traditional -out wildcard-sec1.key
openssl pkcs8 -topk8 -in wildcard.key -passout pass:secret -out wildcard-encrypted.key
openssl pkey -in rsa.key -traditional -aes128 -passout pass:secret -out rsa-proc-type.key

export12() { openssl pkcs12 -export -inkey wildcard.key -in chain.pem -passout "pass:$2" -out "$1" "${@:3}"; }
export12 modern.p12 'pass wörd'
export12 empty.p12 ''
export12 legacy.p12 secret -legacy
export12 triple-des.p12 secret -legacy -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1
export12 without-mac.p12 secret -nomac

ssh-keygen -q -t ed25519 -N '' -C 'ada@example.com' -f ssh-ed25519
ssh-keygen -q -t rsa -b 2048 -N '' -C 'ada on her laptop' -f ssh-rsa
ssh-keygen -q -t ecdsa -b 256 -N '' -C '' -f ssh-ecdsa
ssh-keygen -q -t ed25519 -N secret -C 'locked' -f ssh-encrypted
for key in ssh-ed25519 ssh-rsa ssh-ecdsa ssh-encrypted; do ssh-keygen -l -f "$key.pub"; done >ssh-fingerprints

for name in wildcard middle root rsa; do openssl x509 -in "$name.pem" -noout -fingerprint -sha256; done >fingerprints
rm -rf db ./*.csr ./*.ext root.key middle.key expired.key future.key international.key
