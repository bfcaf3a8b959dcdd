package dev.ringtap.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is a registry's URL, and that a login in it is never shown. */
@Timeout(10)
class RegistryUrlTest {
  @ParameterizedTest
  @CsvSource({
    "http://registry:8081, http://registry:8081",
    "https://registry, https://registry",
    "HTTP://registry/, http://registry",
    "http://[::1]:8081/apis/ccompat/v7//, http://[::1]:8081/apis/ccompat/v7",
    "http://user:s3cret@registry:8081/x, http://registry:8081/x",
  })
  void shownWithoutItsLogin(String text, String shown) {
    assertThat(RegistryUrl.parse(text)).hasToString(shown);
  }

  @ParameterizedTest
  @CsvSource({
    "registry:8081, must begin with http:// or https://",
    "ftp://user:s3cret@registry, must begin with http:// or https://",
    "user:s3cret@registry:8081, must begin with http:// or https://",
    "http:registry, names no host",
    "http://user:s3cret@, names no host",
    "http://, must be percent-encoded",
    "http://user:s3cret@x@registry, names no host",
    "http://user:s3 cret@registry, must be percent-encoded",
    "http://user:s3cret@registry:0, its port is 0; expected 1 to 65535",
    "http://registry:65536, its port is 65536",
    "http://registry?key=s3cret, must end with its path",
    "http://registry#s3cret, must end with its path",
    "http://user:12/s3cret@registry:8081, a / in the login must be percent-encoded",
    "http://s3cret/x@registry, a / in the login must be percent-encoded",
    "https://user:s3/cret@registry, names no host",
    "https://user:/s3cret@registry/x, a / in the login must be percent-encoded",
  })
  void whatIsNoneIsExplainedWithoutItsSecrets(String text, String why) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RegistryUrl.parse(text))
        .withMessageContaining("is not the URL of a schema registry")
        .withMessageContaining(why)
        .withMessageNotContaining("s3")
        .withNoCause();
  }

  @Test
  void loginIsDecodedAndNamesAreEncoded() {
    RegistryUrl url = RegistryUrl.parse("http://user:p%40ss%3A@registry/base/");
    // user:p@ss:
    assertThat(url.authorization()).contains("Basic dXNlcjpwQHNzOg==");
    assertThat(RegistryUrl.parse("http://registry").authorization()).isEmpty();
    assertThat(url.resolve("subjects", "a/b c+d?", "versions"))
        .hasToString("http://registry/base/subjects/a%2Fb%20c%2Bd%3F/versions");
  }
}
