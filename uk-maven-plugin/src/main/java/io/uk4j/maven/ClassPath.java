package io.uk4j.maven;

import io.uk4j.maven.image.Jar;
import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.maven.RepositoryUtils;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.model.License;
import org.apache.maven.model.building.ModelBuildingRequest;
import org.apache.maven.project.DefaultProjectBuildingRequest;
import org.apache.maven.project.MavenProject;
import org.apache.maven.project.ProjectBuilder;
import org.apache.maven.project.ProjectBuildingException;
import org.apache.maven.project.ProjectBuildingRequest;
import org.eclipse.aether.RepositorySystem;
import org.eclipse.aether.artifact.Artifact;
import org.eclipse.aether.artifact.DefaultArtifact;
import org.eclipse.aether.collection.CollectRequest;
import org.eclipse.aether.graph.Dependency;
import org.eclipse.aether.graph.Exclusion;
import org.eclipse.aether.resolution.ArtifactResult;
import org.eclipse.aether.resolution.DependencyRequest;
import org.eclipse.aether.resolution.DependencyResolutionException;
import org.eclipse.aether.util.filter.ScopeDependencyFilter;

/**
 * The jars that an image has: the project's own and those it needs at run time, but that hosted platforms and devices are left out with all
 * that only they need, and the platform of the image is there even if the pom does not name it.
 *
 * @param jars the project's own first
 * @param leftOut artifactIds of what is of no use in an image
 * @param added whether the platform was added
 */
record ClassPath(List<Jar> jars, List<String> leftOut, boolean added) {
    private static final String GROUP = "io.uk4j";
    private static final String CORE = "uk-core";
    private static final String PLATFORM = "uk-platform-kvm";
    private static final Set<String> HOSTED =
            Set.of("uk-platform-unix", "uk-platform-sim", "uk-gateway", "uk-vhost-user", "uk-testkit");

    /** Resolves a project's. */
    static ClassPath of(
            MavenProject project, MavenSession session, RepositorySystem repositories, ProjectBuilder projects) {
        Path own = ownJar(project);
        List<String> leftOut = new ArrayList<>();
        List<Dependency> wanted = new ArrayList<>();
        boolean has = false;
        for (org.apache.maven.model.Dependency dependency : project.getDependencies()) {
            boolean ours = dependency.getGroupId().equals(GROUP);
            if (ours && HOSTED.contains(dependency.getArtifactId())) {
                if (!"test".equals(dependency.getScope())) {
                    leftOut.add(dependency.getArtifactId());
                }
                continue;
            }
            has |= ours && dependency.getArtifactId().equals(PLATFORM);
            Dependency plain = RepositoryUtils.toDependency(
                    dependency, session.getRepositorySession().getArtifactTypeRegistry());
            List<Exclusion> exclusions = new ArrayList<>(plain.getExclusions());
            HOSTED.forEach(name -> exclusions.add(new Exclusion(GROUP, name, "*", "*")));
            wanted.add(plain.setExclusions(exclusions));
        }
        if (!has) {
            wanted.add(new Dependency(new DefaultArtifact(GROUP, PLATFORM, "jar", coreVersion(project)), "runtime"));
        }
        List<Jar> jars = new ArrayList<>();
        jars.add(new Jar(project.getGroupId(), project.getArtifactId(), project.getVersion(), own, licences(project)));
        for (Artifact artifact : resolve(project, session, repositories, wanted)) {
            jars.add(new Jar(
                    artifact.getGroupId(),
                    artifact.getArtifactId(),
                    artifact.getBaseVersion(),
                    file(artifact),
                    licences(artifact, session, projects)));
        }
        return new ClassPath(List.copyOf(jars), List.copyOf(leftOut), !has);
    }

    private static Path ownJar(MavenProject project) {
        File file = project.getArtifact().getFile();
        if (file == null || !file.isFile()) {
            throw new Problem(
                    ProblemCode.UK101,
                    project.getArtifactId() + " has no jar yet.",
                    "Its packaging is " + project.getPackaging()
                            + "; the goal needs a project of packaging jar, after the jar was made.",
                    "mvn package, with the goal bound to the phase package");
        }
        return file.toPath();
    }

    /** The version of uk4j that the project uses, which is that of the platform as well. */
    private static String coreVersion(MavenProject project) {
        return project.getArtifacts().stream()
                .filter(artifact -> artifact.getGroupId().equals(GROUP)
                        && artifact.getArtifactId().equals(CORE))
                .map(org.apache.maven.artifact.Artifact::getBaseVersion)
                .findFirst()
                .orElseThrow(() -> new Problem(
                        ProblemCode.UK107,
                        project.getArtifactId() + " does not depend on uk4j: there is no " + GROUP + ':' + CORE
                                + " among its dependencies.",
                        "An image has an application in it that is made of uk4j's parts.",
                        "a dependency such as io.uk4j:uk-net-tcpip"));
    }

    private static Set<Artifact> resolve(
            MavenProject project, MavenSession session, RepositorySystem repositories, List<Dependency> wanted) {
        CollectRequest collect = new CollectRequest();
        collect.setRootArtifact(RepositoryUtils.toArtifact(project.getArtifact()));
        collect.setDependencies(wanted);
        collect.setRepositories(project.getRemoteProjectRepositories());
        if (project.getDependencyManagement() != null) {
            for (org.apache.maven.model.Dependency managed :
                    project.getDependencyManagement().getDependencies()) {
                collect.addManagedDependency(RepositoryUtils.toDependency(
                        managed, session.getRepositorySession().getArtifactTypeRegistry()));
            }
        }
        try {
            Set<Artifact> artifacts = new LinkedHashSet<>();
            DependencyRequest request =
                    new DependencyRequest(collect, new ScopeDependencyFilter(List.of("compile", "runtime"), List.of()));
            for (ArtifactResult result : repositories
                    .resolveDependencies(session.getRepositorySession(), request)
                    .getArtifactResults()) {
                artifacts.add(result.getArtifact());
            }
            return artifacts;
        } catch (DependencyResolutionException e) {
            throw new Problem(
                    ProblemCode.UK107,
                    "The class path of the image cannot be resolved: " + e.getMessage(),
                    "It is the project's, with " + PLATFORM + " in the place of the hosted platform.",
                    "mvn dependency:tree");
        }
    }

    private static Path file(Artifact artifact) {
        Path file = artifact.getFile().toPath();
        if (!Files.isRegularFile(file)) {
            throw new Problem(
                    ProblemCode.UK101,
                    artifact + " is not a jar yet, but a folder of classes.",
                    "All modules have to be packaged.",
                    "mvn package in the reactor's root");
        }
        return file;
    }

    private static List<String> licences(MavenProject project) {
        return project.getLicenses().stream()
                .map(License::getName)
                .filter(Objects::nonNull)
                .toList();
    }

    /** Those of a pom and its parents; none if it cannot be read, which is no reason to fail. */
    private static List<String> licences(Artifact artifact, MavenSession session, ProjectBuilder projects) {
        ProjectBuildingRequest request = new DefaultProjectBuildingRequest(session.getProjectBuildingRequest());
        request.setValidationLevel(ModelBuildingRequest.VALIDATION_LEVEL_MINIMAL);
        request.setProcessPlugins(false);
        request.setProject(null);
        try {
            return licences(projects.build(RepositoryUtils.toArtifact(artifact), true, request)
                    .getProject());
        } catch (ProjectBuildingException e) {
            return List.of();
        }
    }
}
