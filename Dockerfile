# Images of the platform's processes. Targets: gateway, processor, migration, simulator, tools. The page has its own
# frontend/Dockerfile.
#   docker build --target gateway --tag sora-gateway .

# ── Dependencies: the manifests, with empty sources ──────────────────────────────────────────────────────────────────
FROM debian:bookworm-slim AS manifests
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /all
COPY . .
RUN find . -name Cargo.toml -o -name Cargo.lock \
      | while read -r file; do mkdir -p "/manifests/$(dirname "$file")" && cp "$file" "/manifests/$file"; done \
    && find . -path '*/src/lib.rs' | while read -r file; do \
         mkdir -p "/manifests/$(dirname "$file")" && : > "/manifests/$file"; done \
    && find . -path '*/src/main.rs' | while read -r file; do \
         mkdir -p "/manifests/$(dirname "$file")" && echo 'fn main() {}' > "/manifests/$file"; done

# ── The programs ──────────────────────────────────────────────────────────────────────────────────────────────────────
FROM rust:1.95-bookworm AS build
WORKDIR /src
ENV CARGO_PROFILE_RELEASE_STRIP=symbols
ARG PROGRAMS="--package gateway --package processor --package migration --package simulator"
# This layer is rebuilt only when the manifests change.
COPY --from=manifests /manifests ./
RUN cargo build --release --locked $PROGRAMS
COPY docs docs
COPY crates crates
COPY entity entity
COPY migration migration
COPY gateway gateway
COPY processor processor
# Makes the sources newer than the empty ones built above. Leaves target/ alone: touching the sources that dependencies
# generated there would recompile them.
RUN find crates entity migration gateway processor -name '*.rs' -exec touch {} + \
    && cargo build --release --locked $PROGRAMS

# ── Runtime images: they need no shell and write only to /data and /tmp ──────────────────────────────────────────────
FROM debian:bookworm-slim AS base
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=10001 --group=10001 /data /data/videos
USER 10001:10001
WORKDIR /data
LABEL org.opencontainers.image.licenses="MIT"

FROM base AS gateway
LABEL org.opencontainers.image.title="sora-gateway" \
      org.opencontainers.image.description="Sora platform: HTTP and websocket edge"
COPY --from=build /src/target/release/gateway /usr/local/bin/gateway
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s CMD ["gateway", "healthcheck"]
ENTRYPOINT ["gateway"]

# ffmpeg and ffprobe with the libraries they load. The rest of the package's dependencies is for displays and sound.
FROM debian:bookworm-slim AS media
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ffmpeg \
    && rm -rf /var/lib/apt/lists/*
RUN mkdir /programs \
    && ldd /usr/bin/ffmpeg /usr/bin/ffprobe | grep -o '/[^ :]*\.so[^ ]*' | sed 's|^/lib|/usr/lib|' | sort -u \
      | xargs cp --parents --dereference --target-directory=/programs /usr/bin/ffmpeg /usr/bin/ffprobe

FROM base AS processor
LABEL org.opencontainers.image.title="sora-processor" \
      org.opencontainers.image.description="Sora platform: takes jobs from the queue, drives the upstream, stores the videos"
COPY --from=media /programs /
COPY --from=build /src/target/release/processor /usr/local/bin/processor
ENV METRICS_LISTEN=0.0.0.0:9465
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s CMD ["processor", "healthcheck"]
ENTRYPOINT ["processor"]

FROM base AS migration
LABEL org.opencontainers.image.title="sora-migration" \
      org.opencontainers.image.description="Sora platform: migrates the database"
COPY --from=build /src/target/release/migration /usr/local/bin/migration
HEALTHCHECK NONE
ENTRYPOINT ["migration"]
CMD ["up"]

FROM base AS simulator
LABEL org.opencontainers.image.title="sora-simulator" \
      org.opencontainers.image.description="Sora platform: a simulated upstream"
COPY --from=build /src/target/release/simulator /usr/local/bin/simulator
EXPOSE 8090
HEALTHCHECK NONE
ENTRYPOINT ["simulator"]
CMD ["--listen", "0.0.0.0:8090"]

# ── A database browser for operators: Adminer, at /adminer/ ───────────────────────────────────────────────────────────
FROM debian:bookworm-slim AS tools
LABEL org.opencontainers.image.title="sora-tools" \
      org.opencontainers.image.description="Sora platform: a database browser" \
      org.opencontainers.image.licenses="MIT"
RUN apt-get update \
    && apt-get install --yes --no-install-recommends adminer php-cli php-pgsql php-sqlite3 \
    && rm -rf /var/lib/apt/lists/*
USER 10001:10001
EXPOSE 8081
HEALTHCHECK NONE
# It writes only its sessions.
ENTRYPOINT ["php", "-d", "session.save_path=/tmp", "-S", "0.0.0.0:8081", "-t", "/usr/share/adminer"]
