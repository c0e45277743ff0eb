# Two stages: the first builds the pages, the second has no development dependencies and no root.
FROM node:24-slim AS pages
WORKDIR /weir
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN node scripts/build-pages.ts

FROM node:24-slim
ENV NODE_ENV=production WEIR_DATA=/data WEIR_HTTP=0.0.0.0:8080 WEIR_MLLP=0.0.0.0:2575
# The same as bin/runtime.mjs sets, which says why.
ENV MALLOC_ARENA_MAX=2 NODE_COMPILE_CACHE=/tmp/node-compile-cache
WORKDIR /weir
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force
COPY LICENSE ./
COPY src ./src
COPY profiles ./profiles
COPY mappings ./mappings
COPY automations ./automations
COPY --from=pages /weir/dist ./dist
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080 2575
HEALTHCHECK --interval=30s --timeout=3s CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# The same as bin/weir.mjs starts.
ENTRYPOINT ["node", "--max-semi-space-size=8", "--heap-growing-percent=80", "--no-memory-protection-keys", "src/main.ts"]
CMD ["serve"]
