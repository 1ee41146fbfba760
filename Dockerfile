# farhand: hub, agent and client commands. See docs/guides/install.md.
#   docker build -t farhand .
#   docker run --read-only --tmpfs /tmp -v farhand:/var/lib/farhand -e FARHAND_HUB_URL=… -e FARHAND_JOIN_TOKEN=… farhand agent
# It holds node, busybox and the package, and no package manager. For jobs that need more, on a distribution with glibc:
#   docker build -t farhand:debian --build-arg BASE=docker.io/library/debian:bookworm-slim .
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim
ARG BASE=scratch

FROM ${NODE_IMAGE} AS package
WORKDIR /source
COPY package.json package-lock.json ./
COPY cli/farhand.mjs cli/
COPY build/link-client.mjs build/
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm pack --pack-destination / && mkdir /package && tar -xzf /farhand-*.tgz -C /package --strip-components=1

FROM ${NODE_IMAGE} AS parts
RUN { command -v tini-static && command -v busybox && command -v strip; } >/dev/null \
  || { apt-get update && apt-get install -y --no-install-recommends binutils busybox-static tini && rm -rf /var/lib/apt/lists/*; }
COPY deploy/container /container
COPY --from=package /package /package
ARG BASE
RUN /container/make-root /package /parts "${BASE}"

FROM ${BASE}
COPY --from=parts /parts /
RUN echo farhand:x:10001:10001::/var/lib/farhand:/bin/false >>/etc/passwd \
  && echo farhand:x:10001: >>/etc/group \
  && chown 10001:10001 /var/lib/farhand \
  && chmod 700 /var/lib/farhand

# Only this folder and /tmp are written to. Keep it: it holds the identity, and what jobs have not delivered yet.
VOLUME /var/lib/farhand
WORKDIR /var/lib/farhand
ENV HOME=/var/lib/farhand \
  FARHAND_DATA=/var/lib/farhand/data \
  FARHAND_AUTOMATIONS=/etc/farhand/automations \
  FARHAND_LISTEN=0.0.0.0:7400 \
  FARHAND_STATUS_LISTEN=127.0.0.1:7401 \
  FARHAND_DRAIN_THEN=cancel
EXPOSE 7400
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["/opt/farhand/container/health.mjs"]
ENTRYPOINT ["/opt/farhand/bin/tini", "--", "/opt/farhand/container/entry"]
CMD ["--help"]
