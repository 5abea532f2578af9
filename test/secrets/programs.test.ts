/** Where secrets stand in the lines of Dockerfiles and logs; V is the secret in each. */
import { expect, test } from 'vitest';
import { maskText } from '../../src/secrets.ts';

const SECRET = 'hunter2secret';
/** Under names that say so, and as programs take them. */
const LINES = String.raw`
curl --user me:V https://x
curl -u "me:V" https://x
curl -ume:V https://x
curl -H 'X-Api-Key: V' https://x
curl -H "PRIVATE-TOKEN: V" https://x
curl --header=Authorization:token\ V x
curl -H "Authorization: Basic V" x
curl -H "Cookie: session=V" x
curl -d '{"password":"V"}' x
curl -F token=V x
curl "https://x/?api_key=V&b=1"
wget --http-password=V x
wget --password V x
sshpass -p V ssh x
sshpass -p'V' ssh x
sshpass -pV ssh x
echo V | docker login --password-stdin
htpasswd -b file user V
htpasswd -bc file user V
psql postgres://u:V@h/db
PGPASSWORD=V psql
redis-cli -a V ping
mongodb+srv://u:V@c.mongodb.net
git config --global url."https://V:x-oauth-basic@github.com/".insteadOf x
npm config set //registry.npmjs.org/:_authToken V
npm config set //registry.npmjs.org/:_authToken=V
npm set _auth V
yarn config set npmAuthToken V
pnpm config set //r/:_authToken "V"
pip install --index-url https://u:V@host/simple x
pip install --extra-index-url=https://u:V@host/simple x
pip config set global.index-url https://u:V@h/simple
poetry config http-basic.foo user V
poetry config pypi-token.pypi V
composer config http-basic.x.com user V
composer config --global github-oauth.github.com V
bundle config set gems.x.com user:V
bundle config gems.x.com user:V
aws configure set aws_secret_access_key V
echo "machine github.com login x password V" > ~/.netrc
export TOKEN='V'
TOKEN="V with blanks" cmd
docker build --build-arg=NPM_TOKEN=V .
docker build --build-arg 'NPM_TOKEN=V' .
docker build --build-arg "NPM_TOKEN=V" .
{"auth":"V"}
{"password": "V"}
password: V
password = V
password: 'V'
<password>V</password>
<apiKey>V</apiKey>
openssl x -passin pass:V
openssl x -passout 'pass:V'
gpg --batch --passphrase V x
gpg --passphrase=V
keytool -storepass V -keypass V
keytool -storepass V
cmd --token V
cmd --token=V
cmd --api-key V
cmd --api-key=V
mvn -Dsonar.password=V
mvn -Dsonar.login=V
gradle -PnexusPassword=V
dotnet nuget add source https://x -u me -p V
nuget setapikey V
dotnet nuget push --api-key V
cargo login V
twine upload -u x -p V
az login -u me -p V
az login --service-principal -u x -p V --tenant t
helm registry login -u x -p V h
docker login -u x -p V
docker login -u x -pV
docker login --username x --password V
docker login --username=x --password=V
podman login -u=x -p=V r
buildah login -p "V" r
skopeo copy --src-creds me:V docker://x
skopeo login -u a -p V
vault login V
vault write auth token=V
kubectl create secret generic x --from-literal=password=V
kubectl --token=V get
mysql -uroot -pV
mysql --password=V
mysqldump -u root -pV db
psql "host=h password=V user=u"
sqlcmd -S s -U u -P V
sqlplus u/V@db
Server=s;User Id=u;Password=V;
jdbc:mysql://h/db?user=u&password=V
amqp://u:V@h
ftp://u:V@h/x
smb://u:V@h
lftp -u user,V h
ldapsearch -w V
rclone config create x s3 secret_access_key V
echo "V" > /root/.token
ENV DB_PASSWORD V
ENV DB_PASSWORD=V X=1
ENV A=1 DB_PASSWORD=V
ENV DB_PASSWORD="V"
ARG TOKEN=V
ARG TOKEN V
LABEL token V
export GH_TOKEN=V;cmd
export GH_TOKEN=V&&cmd
set -gx TOKEN V
setx TOKEN V
$env:TOKEN="V"
$Env:TOKEN = 'V'
SET TOKEN=V
cmd /S /C set TOKEN=V
//registry.npmjs.org/:_authToken=V
//registry.npmjs.org/:_password="V"
_auth = V
always-auth=true\n_auth=V
registry.password=V
"api_key":"V"
'api_key' : 'V'
\"api_key\":\"V\"
apiKey=V
secret_access_key=V
type=s3,secret_access_key=V,mode=max
type=gha,token=V
Authorization: Bearer V
authorization: bearer V
Authorization: token V
Authorization: ApiKey V
Proxy-Authorization: Basic V
Bearer V
X-Auth-Token: V
X-Amz-Security-Token=V
?X-Amz-Signature=V&x=1
?sig=V
?access_token=V
?token=V
?auth=V
?private_token=V
JWT_SECRET=V
DJANGO_SECRET_KEY=V
RAILS_MASTER_KEY=V
SECRET_KEY_BASE=V
CREDENTIALS=V
STRIPE_KEY=V
FIREBASE_TOKEN=V
DATABASE_URL=postgres://u:V@h/d
REDIS_URL=redis://:V@h:6379
SENTRY_DSN=https://V@sentry.io/1
SENTRY_AUTH_TOKEN=V
NETLIFY_AUTH_TOKEN=V
DATADOG_API_KEY=V
DD_API_KEY=V
MYSQL_PWD=V
SMTP_PASS=V
PASS=V
PASSWD=V
PW=V
PASSPHRASE=V
ENCRYPTION_KEY=V
SIGNING_KEY=V
SSH_KEY=V
DEPLOY_KEY=V
LICENSE_KEY=V
`
  .trim()
  .split('\n');

test.each(LINES)('%s', (line) => {
  const text = line.replaceAll(/(?<![A-Za-z_])V(?![A-Za-z_])|(?<=-p)V\b/g, SECRET);
  expect(text).toContain(SECRET);
  for (const wrapped of [
    text,
    `[stage 3/9] RUN ${text}`,
    `ERROR: process "/bin/sh -c ${text}" did not complete successfully: exit code: 1`,
  ])
    expect(maskText(wrapped)).not.toContain(SECRET);
});

/** Told by nothing: left as they are. */
test.each([
  'git config --global credential.helper store',
  'git config --global user.email me@example.com',
  'npm config set registry https://registry.example.com',
  'set -eux; apt-get update',
  'set -o pipefail && make',
  'vault login -method=aws role=x',
  'cargo login $CARGO_TOKEN',
  'cargo build --release',
  'echo done',
  'echo hello | tee /etc/greeting',
  'echo $TOKEN | docker login --password-stdin',
  'echo "$TOKEN" > /root/.token',
  'curl -u $USER:$PASS https://x',
  'curl -u "${USER}:${PASS}" https://x',
  'redis-cli -a $REDIS_PASSWORD ping',
  'ldapsearch -x -b dc=example',
  'htpasswd -c /etc/users me',
  'openssl rand -hex 32',
  'openssl req -passin env:PASS',
  'openssl req -passin file:/run/secrets/pass',
  '<version>1.2.3</version><artifactId>app</artifactId>',
  '<password>${env.PASS}</password>',
  'git clone https://oauth2@github.com/a/b',
  'token=$(cat /run/secrets/token) && npm ci',
  'RUN --mount=type=secret,id=token,target=/x npm ci',
  'LABEL version 1.2',
  'docker run -u 1000:1000 x',
  'useradd -u 1000 -p x me',
  'the password was reset and the token is gone',
  'failed to fetch oauth token: 401 Unauthorized',
  'machine learning login page',
  'PASS_COUNT=12 PASSTHROUGH=a',
  'COOKIE_DOMAIN=example.com',
])('left as it is: %s', (line) => expect(maskText(line)).toBe(line));

test('the time grows with the length of the text and no faster', () => {
  for (const part of [
    'curl a -u',
    'machine a login b ',
    'echo a | ',
    'echo a > ',
    'config a b ',
    'set a token ',
    '<password>',
    'http-basic.a b ',
    'htpasswd -b a b ',
    ' -pass pass:',
    'bundle config a b:',
  ]) {
    const text = part.repeat(40_000);
    const began = process.cpuUsage();
    maskText(text);
    const used = process.cpuUsage(began);
    expect((used.user + used.system) / 1e6, part).toBeLessThan(2);
  }
});
