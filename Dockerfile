# All of Tributary as `tributary up` runs it, for the profile `system` of docker-compose.yml. A deployment does not
# use this image: on AWS each function is a zip of its own (template.yaml).
FROM rust:1.95-slim-trixie AS build
# cargo's profile: `dev` builds faster, `release` runs faster.
ARG PROFILE=release
WORKDIR /source
COPY . .
RUN cargo build --locked --profile "$PROFILE" --workspace --bins \
    && mkdir -p /built/functions \
    && cd "target/$([ "$PROFILE" = dev ] && echo debug || echo "$PROFILE")" \
    && mv tributary /built/ \
    && rm -f throwaway-postgres \
    && find . -maxdepth 1 -type f -executable -exec mv {} /built/functions/ ';' \
    && rm -rf /source/target "${CARGO_HOME:?}/registry"

FROM debian:trixie-slim
RUN useradd --system --create-home --home-dir /var/lib/tributary tributary
COPY --from=build /built/functions /usr/local/lib/tributary/
COPY --from=build /built/tributary /usr/local/bin/tributary
USER tributary
WORKDIR /var/lib/tributary
VOLUME /var/lib/tributary
EXPOSE 8000
ENTRYPOINT ["tributary"]
CMD ["up", "--host", "0.0.0.0", "--functions", "/usr/local/lib/tributary", "--directory", "/var/lib/tributary"]
