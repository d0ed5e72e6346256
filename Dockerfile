# syntax=docker/dockerfile:1
# Releases set the digests of the base images: --build-arg NODE_IMAGE=…@sha256:… --build-arg BASE_IMAGE=…@sha256:…
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
ARG BASE_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY . .
RUN npm ci && npm run build

# The packages of OpenTelemetry are optional; they are loaded only with OTEL_EXPORTER_OTLP_ENDPOINT.
FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY runtime runtime
RUN npm ci --omit=dev --omit=optional && npm install --no-save --omit=dev --omit=optional \
  @opentelemetry/api@1.10.0 @opentelemetry/resources@3.1.0 \
  @opentelemetry/sdk-metrics@3.1.0 @opentelemetry/sdk-trace@3.1.0 \
  @opentelemetry/exporter-metrics-otlp-http@0.301.0 @opentelemetry/exporter-trace-otlp-http@0.301.0

FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="calgate" \
  org.opencontainers.image.description="A checked REST API and MCP tools in front of any API" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.source="https://github.com/calgate/calgate" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/package.json package.json
COPY --from=build /app/bin bin
COPY --from=build /app/dist dist
ENV NODE_ENV=production HOST=0.0.0.0
USER nonroot
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["/nodejs/bin/node", "bin/healthy.js"]
ENTRYPOINT ["/nodejs/bin/node", "bin/calgate.js"]
CMD ["serve"]
