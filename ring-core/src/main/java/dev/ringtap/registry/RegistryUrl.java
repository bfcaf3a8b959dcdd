package dev.ringtap.registry;

import java.io.Serializable;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where a schema registry is: {@code http://HOST:PORT/PATH} or {@code https}, with {@code
 * USER:PASSWORD@} before the host where it wants a login. Shown without them. Immutable.
 */
public final class RegistryUrl implements Serializable {
  private static final long serialVersionUID = 1;

  private final URI base;
  private final @Nullable String userInfo;

  private RegistryUrl(URI base, @Nullable String userInfo) {
    this.base = base;
    this.userInfo = userInfo;
  }

  /**
   * Parses a URL.
   *
   * @throws IllegalArgumentException if it is none for a registry; the message shows it without its
   *     login
   */
  public static RegistryUrl parse(String text) {
    URI uri;
    try {
      uri = new URI(text.strip());
    } catch (URISyntaxException e) {
      // its text and message would show the login
      throw wrong(text, "characters that a URL cannot contain must be percent-encoded");
    }
    String scheme = uri.getScheme();
    if (!"http".equalsIgnoreCase(scheme) && !"https".equalsIgnoreCase(scheme)) {
      throw wrong(text, "it must begin with http:// or https://");
    }
    if (uri.getHost() == null) {
      throw wrong(text, "it names no host");
    }
    if (uri.getPort() == 0 || uri.getPort() > 65_535) {
      throw wrong(text, "its port is " + uri.getPort() + "; expected 1 to 65535");
    }
    if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
      throw wrong(text, "it must end with its path, before any ? or #");
    }
    if (uri.getRawPath().indexOf('@') >= 0) {
      // http://USER:12/34@HOST is host USER, port 12 to a URL's parser
      throw wrong(text, "a / in the login must be percent-encoded, %2F, and an @ in the path, %40");
    }
    String path = uri.getRawPath().replaceAll("/+$", "");
    String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
    return new RegistryUrl(
        URI.create(scheme.toLowerCase(Locale.ROOT) + "://" + uri.getHost() + port + path),
        uri.getUserInfo());
  }

  private static IllegalArgumentException wrong(String text, String why) {
    return new IllegalArgumentException(
        "'" + withoutSecrets(text) + "' is not the URL of a schema registry: " + why);
  }

  /** Drops all up to the last @ and all from a ? or # on: logins and keys are in these places. */
  private static String withoutSecrets(String text) {
    int at = text.lastIndexOf('@');
    String scheme = text.replaceFirst("(?s)^(https?://)?.*", "$1");
    String shown = at < 0 ? text : scheme + "..." + text.substring(at);
    return shown.replaceFirst("(?s)[?#].*", "?...");
  }

  /** The address of a resource below. */
  URI resolve(String... segments) {
    StringBuilder path = new StringBuilder(base.toString());
    for (String segment : segments) {
      String encoded = URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
      path.append('/').append(encoded);
    }
    return URI.create(path.toString());
  }

  /** The header of a basic login, where the URL has one. */
  Optional<String> authorization() {
    return Optional.ofNullable(userInfo)
        .map(login -> Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8)))
        .map(login -> "Basic " + login);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RegistryUrl registryUrl
        && base.equals(registryUrl.base)
        && Objects.equals(userInfo, registryUrl.userInfo);
  }

  @Override
  public int hashCode() {
    return Objects.hash(base, userInfo);
  }

  /** The URL without its login. */
  @Override
  public String toString() {
    return base.toString();
  }
}
