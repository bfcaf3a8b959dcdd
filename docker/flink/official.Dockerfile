# Flink's own image with Ringtap in lib/, on Java 25: its entry point, its plugins and what its Kubernetes operator expects
# are there. From a checkout and without a JDK:
#
#   docker build -f docker/flink/official.Dockerfile -t ringtap/flink-official .
ARG FLINK=flink:2.3.0-java21
ARG JDK=eclipse-temurin:25-jdk

FROM ${JDK} AS build
COPY docker/java/runtime /tmp/
RUN /tmp/runtime
COPY . /src
WORKDIR /src
RUN [ ! -e mvnw ] || ./mvnw -B -q -DskipTests -Dspotless.check.skip -Dcyclonedx.skip -pl connector-flink -am package

FROM ${FLINK}
USER 0
COPY --from=build /opt/java-runtime /opt/java
COPY docker/java/java-capture /usr/local/bin/
COPY docker/java/install /tmp/
RUN /tmp/install && sed -i 's/^capture:.*/&flink/' /etc/group
# what Flink's scripts start as java
COPY docker/flink/official-java /opt/flink-java/bin/java
ENV JAVA_HOME=/opt/flink-java
COPY --from=build /src/connector-flink/target/connector-flink-*-sql.jar /opt/flink/lib/
LABEL org.opencontainers.image.title="Flink's image with Ringtap" \
  org.opencontainers.image.description="Apache Flink's own image on Java 25 with the connector for live packets"
USER flink
