package dev.ringtap.testcontainers;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** What this module may see of the others: nothing, since they need Java 22. */
@AnalyzeClasses(packages = "dev.ringtap", importOptions = ImportOption.DoNotIncludeTests.class)
class LayeringTest {
  @ArchTest
  static final ArchRule NOTHING_OF_THE_OTHER_MODULES =
      noClasses()
          .that()
          .resideInAPackage("dev.ringtap.testcontainers..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.ringtap.capture..", "dev.ringtap.record..", "dev.ringtap.packet..");

  @ArchTest
  static final ArchRule JUNIT_IS_OPTIONAL =
      noClasses()
          .that()
          .doNotHaveSimpleName("KeepPackets")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.junit..");

  @ArchTest
  static final ArchRule ASSERTJ_IS_OPTIONAL =
      noClasses()
          .that()
          .doNotHaveSimpleName("PacketsAssert")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.assertj..");
}
