package dev.ringtap.kafka;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The direction of imports in this module, and what it may see of ring-core. */
@AnalyzeClasses(packages = "dev.ringtap", importOptions = ImportOption.DoNotIncludeTests.class)
class LayeringTest {
  @ArchTest
  static final ArchRule PACKAGES_IMPORT_FROM_THEIR_LEFT =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("agent")
          .definedBy("dev.ringtap.kafka.agent")
          .layer("monitor")
          .definedBy("dev.ringtap.kafka.monitor")
          .layer("embedded")
          .definedBy("dev.ringtap.kafka.embedded")
          .layer("cli")
          .definedBy("dev.ringtap.kafka.cli")
          .layer("connect")
          .definedBy("dev.ringtap.kafka.connect")
          .whereLayer("agent")
          .mayOnlyBeAccessedByLayers("monitor", "cli", "connect")
          .whereLayer("monitor")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("embedded")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("connect")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("cli")
          .mayNotBeAccessedByAnyLayer();

  @ArchTest
  static final ArchRule NATIVE_CALLS_STAY_IN_RING_CORE =
      noClasses()
          .that()
          .resideInAPackage("dev.ringtap.kafka..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.ringtap.linux");
}
