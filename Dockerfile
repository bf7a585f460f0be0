# Millrace in a container: `docker build -t millrace .` has nothing in it but the
# binary; `docker build --target with-ffmpeg -t millrace .` has ffmpeg beside it,
# which takes B-frames out of streams that browsers could not play otherwise.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=container
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.buildVersion=${VERSION}" -o /millrace ./cmd/millrace

FROM debian:stable-slim AS with-ffmpeg
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates ffmpeg && rm -rf /var/lib/apt/lists/*
COPY --from=build /millrace /millrace
USER 65532:65532
EXPOSE 8080 1935 8554 8000/udp 8000 4443/udp 4443
# SIGTERM drains the node where shutdown.drain is set.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/millrace"]

# The last one is what is built when nothing is said.
FROM scratch AS plain
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /millrace /millrace
USER 65532:65532
EXPOSE 8080 1935 8554 8000/udp 8000 4443/udp 4443
STOPSIGNAL SIGTERM
ENTRYPOINT ["/millrace"]
