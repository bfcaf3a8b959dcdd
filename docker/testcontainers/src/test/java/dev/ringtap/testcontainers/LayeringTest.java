package dev.ringtap.testcontainers;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** What this module may see of ring-core. */
@AnalyzeClasses(packages = "dev.ringtap", importOptions = ImportOption.DoNotIncludeTests.class)
class LayeringTest {
  @ArchTest
  static final ArchRule NATIVE_CALLS_STAY_IN_RING_CORE =
      noClasses()
          .that()
          .resideInAPackage("dev.ringtap.testcontainers..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.ringtap.linux");
}
