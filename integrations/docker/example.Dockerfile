# An application whose variables are references until it starts.
FROM debian:bookworm-slim
COPY --from=keyarc /usr/local/bin/keyarc /usr/local/bin/keyarc
COPY start.sh /app/start.sh
WORKDIR /app
ENV KEYARC_TOKEN_FILE=/run/secrets/keyarc_token
USER 65532:65532
# keyarc becomes the command: what is process 1 in the end is the application.
ENTRYPOINT ["/usr/local/bin/keyarc", "run", "--no-env-file", "--"]
CMD ["/app/start.sh"]
