# farhand: hub, agent and client commands. See docs/guides/install.md.
#   docker build -t farhand .
#   docker run --read-only --tmpfs /tmp -v farhand:/var/lib/farhand -e FARHAND_HUB_URL=… -e FARHAND_JOIN_TOKEN=… farhand agent
# Any image with Node 24 and sh will do; one with tini already needs no network here.
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /source
COPY package.json package-lock.json ./
COPY cli/farhand.mjs cli/
COPY build/link-client.mjs build/
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm pack --pack-destination / && mkdir /package && tar -xzf /farhand-*.tgz -C /package --strip-components=1

FROM ${NODE_IMAGE}
RUN command -v tini >/dev/null \
  || { apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/*; }
RUN groupadd --gid 10001 farhand \
  && useradd --uid 10001 --gid farhand --home-dir /var/lib/farhand --no-create-home --shell /usr/sbin/nologin farhand \
  && install -d -o farhand -g farhand -m 700 /var/lib/farhand \
  && install -d /etc/farhand/automations
COPY --from=build /package /opt/farhand
COPY deploy/container/entry deploy/container/health.mjs /opt/farhand/container/
RUN ln -s /opt/farhand/cli/farhand.mjs /usr/local/bin/farhand

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
ENTRYPOINT ["tini", "--", "/opt/farhand/container/entry"]
CMD ["--help"]
