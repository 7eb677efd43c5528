# Build: types are stripped to plain JavaScript once, and only what runs is kept.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No install script is needed here: the image brings the runtime that the `node` package pins elsewhere.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    MAINSTEM_CONFIG=/app/config/mainstem.yaml \
    MAINSTEM_STORE=sqlite:/data/mainstem.db \
    MAINSTEM_LISTEN=0.0.0.0:8080
WORKDIR /app
RUN mkdir /data && chown node:node /data
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
COPY config config
COPY feeds feeds
USER node
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=6s --start-period=15s CMD ["node", "/app/dist/main.js", "healthcheck"]
# Node is the first process here; it handles SIGTERM itself and drains within 10 s.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["run"]
