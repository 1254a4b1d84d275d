# syntax=docker/dockerfile:1.18

# Targets: `runtime` (the default) runs as an unprivileged user. `fly` is the same image with
# root inside, for platforms that mount volumes for root only.

FROM node:22.20.0-bookworm-slim AS node

# ---------------------------------------------------------------------------------------------
FROM rust:1.95.0-bookworm AS build

# npm brings sass and wasm-opt, at the versions that xtask fixes.
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
    && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx

WORKDIR /src

# The toolchain has its own layer: it changes seldom.
COPY rust-toolchain.toml ./
RUN rustup toolchain install

COPY . .

# `cargo x build` installs the tools that it needs and leaves a whole installation in
# target/dist. The caches keep tools, crates and objects from one build to the next; what is
# needed later is copied out of them.
ENV KEYARC_TOOLS=/tools
RUN --mount=type=cache,id=keyarc-tools,target=/tools,sharing=locked \
    --mount=type=cache,id=keyarc-registry,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,id=keyarc-target,target=/src/target,sharing=locked \
    cargo x build \
    && cp -r target/dist /dist \
    && mkdir /data

# ---------------------------------------------------------------------------------------------
FROM gcr.io/distroless/cc-debian12:nonroot AS base

LABEL org.opencontainers.image.title="KeyArc" \
      org.opencontainers.image.description="Zero-knowledge secrets manager" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"

# The server looks for `site/` beside itself.
COPY --from=build --chown=0:0 /dist /app
# A new volume takes over the owner of the folder that it covers.
COPY --from=build --chown=65532:65532 /data /data

ENV KEYARC_ENV=production \
    BIND=0.0.0.0:3000 \
    DATA_DIR=/data \
    DATABASE_URL=sqlite:///data/keyarc.db

WORKDIR /app
EXPOSE 3000
# There is no shell and no curl in here: the binary asks itself.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["/app/keyarc-server", "health"]
ENTRYPOINT ["/app/keyarc-server"]

# ---------------------------------------------------------------------------------------------
# A virtual machine of its own is the boundary there, and its volumes belong to root.
FROM base AS fly
USER 0:0

# ---------------------------------------------------------------------------------------------
FROM base AS runtime
USER 65532:65532
