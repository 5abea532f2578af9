/** Small projects of several stacks. `TOOLS` is the image with the stand-ins for their package managers. */
import type { Files } from './lab.ts';

const NODE: Files = {
  'package.json': '{"name":"shop","version":"1.0.0"}\n',
  'package-lock.json': '{"lockfileVersion":3}\n',
  'README.md': '# Shop\n',
  'docs/guide.md': 'Guide\n',
  'src/app.js': 'console.log("shop")\n',
  'src/cart.js': 'export const cart = []\n',
  '.dockerignore': 'node_modules\ndist\n*.log\n',
};

export const nodeNaive: Files = {
  ...NODE,
  Dockerfile: `FROM TOOLS
WORKDIR /app
COPY . .
RUN npm ci
RUN npm run build
CMD ["node", "dist/app.js"]
`,
};

export const nodeStages: Files = {
  ...NODE,
  Dockerfile: `FROM TOOLS AS deps
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev

FROM TOOLS AS builder
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM TOOLS AS runtime
WORKDIR /srv
ENV NODE_ENV=production
COPY --from=deps /app/node_modules ./node_modules
COPY --from=builder /app/dist ./dist
COPY package.json ./
CMD ["node", "dist/app.js"]
`,
};

export const python: Files = {
  'requirements.txt': 'flask==3.0.0\n',
  'app/main.py': 'print("main")\n',
  'app/views.py': 'print("views")\n',
  Dockerfile: `FROM TOOLS
ARG GIT_SHA=unknown
RUN apt-get update && apt-get install -y libpq-dev
WORKDIR /srv
COPY requirements.txt .
RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt
COPY app ./app
RUN python -m compileall app
LABEL revision=$GIT_SHA
`,
};

export const go: Files = {
  'go.mod': 'module shop\n',
  'go.sum': 'a h1:1\n',
  'main.go': 'package main\n',
  'README.md': '# Shop\n',
  Dockerfile: `FROM TOOLS AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN go build -o /out/app .

FROM scratch
COPY --from=build /out/app /app
`,
};

export const php: Files = {
  'composer.json': '{}\n',
  'composer.lock': '{"packages":[]}\n',
  'package.json': '{}\n',
  'package-lock.json': '{}\n',
  'app/Kernel.php': '<?php\n',
  'web/app.css': 'body {}\n',
  Dockerfile: `FROM TOOLS AS vendor
WORKDIR /app
COPY composer.json composer.lock ./
RUN composer install --no-dev

FROM TOOLS AS assets
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY web ./web
RUN npm run build

FROM TOOLS
RUN apt-get install -y php-opcache
WORKDIR /var/www
COPY app ./app
COPY --from=vendor /app/vendor ./vendor
COPY --from=assets /app/dist ./public
`,
};

export const rust: Files = {
  'Cargo.toml': '[package]\nname = "shop"\n',
  'Cargo.lock': 'version = 3\n',
  'src/main.rs': 'fn main() {}\n',
  Dockerfile: `FROM TOOLS AS chef
WORKDIR /app

FROM chef AS planner
COPY . .
RUN cargo chef prepare

FROM chef AS builder
COPY Cargo.toml Cargo.lock ./
RUN cargo chef cook --release
COPY src ./src
RUN cargo build --release

FROM TOOLS AS runtime
RUN apt-get update && apt-get install -y ca-certificates
COPY --from=builder /app/target/app /usr/local/bin/app
`,
};
