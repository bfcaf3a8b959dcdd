package dev.ringtap.flink;

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
          .layer("source")
          .definedBy("dev.ringtap.flink.source")
          .layer("flow")
          .definedBy("dev.ringtap.flink.flow")
          .layer("legacy")
          .definedBy("dev.ringtap.flink.legacy")
          .layer("table")
          .definedBy("dev.ringtap.flink.table")
          .whereLayer("source")
          .mayOnlyBeAccessedByLayers("legacy", "table")
          .whereLayer("flow")
          .mayOnlyBeAccessedByLayers("table")
          .whereLayer("legacy")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("table")
          .mayNotBeAccessedByAnyLayer();

  @ArchTest
  static final ArchRule NATIVE_CALLS_STAY_IN_RING_CORE =
      noClasses()
          .that()
          .resideInAPackage("dev.ringtap.flink..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.ringtap.linux");
}
