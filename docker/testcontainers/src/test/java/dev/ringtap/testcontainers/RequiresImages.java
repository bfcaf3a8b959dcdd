package dev.ringtap.testcontainers;

import com.github.dockerjava.api.exception.NotFoundException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;
import org.testcontainers.DockerClientFactory;

/**
 * Tests with containers of these images, of {@code docker/build}: skipped where they cannot run.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RequiresImages.Condition.class)
public @interface RequiresImages {
  /** Names below {@code ringtap/}. */
  String[] value();

  final class Condition implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      Class<?> test = context.getRequiredTestClass();
      Optional<String> missing =
          AnnotationSupport.findAnnotation(test, RequiresImages.class)
              .flatMap(required -> missing(required.value()));
      if (missing.isEmpty()) {
        return ConditionEvaluationResult.enabled("the engine has the images");
      }
      return ConditionEvaluationResult.disabled(missing.get());
    }

    private static Optional<String> missing(String[] images) {
      if (!DockerClientFactory.instance().isDockerAvailable()) {
        return Optional.of("no Docker engine answers");
      }
      return Arrays.stream(images)
          .filter(image -> !isThere(TestApp.image(image)))
          .findFirst()
          .map(image -> "no image " + TestApp.image(image) + ": docker/build " + image);
    }

    private static boolean isThere(String image) {
      try {
        DockerClientFactory.instance().client().inspectImageCmd(image).exec();
        return true;
      } catch (NotFoundException e) {
        return false;
      }
    }
  }
}
