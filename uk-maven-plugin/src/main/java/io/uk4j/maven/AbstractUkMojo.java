package io.uk4j.maven;

import io.uk4j.maven.image.Digest;
import io.uk4j.maven.problem.Problem;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import org.apache.maven.artifact.Artifact;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugin.MojoExecution;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.project.MavenProject;
import org.jspecify.annotations.Nullable;

/** What all goals have in common: they can be skipped, and a user's mistake is told in three lines. */
@SuppressWarnings("NullAway.Init") // Maven sets the fields.
abstract class AbstractUkMojo extends AbstractMojo {
    /** The project. */
    @Parameter(defaultValue = "${project}", readonly = true, required = true)
    protected MavenProject project;

    /** The same project after the phase that the goal had Maven run first, if it had. */
    @Parameter(defaultValue = "${executedProject}", readonly = true)
    private @Nullable MavenProject executedProject;

    /** The build. */
    @Parameter(defaultValue = "${session}", readonly = true, required = true)
    protected MavenSession session;

    @Parameter(defaultValue = "${mojoExecution}", readonly = true, required = true)
    private MojoExecution execution;

    /** The classifier of the image: part of its name, and under which it is attached. */
    @Parameter(property = "uk.image.classifier", defaultValue = "uk")
    protected String classifier;

    @Parameter(defaultValue = "${project.build.directory}", readonly = true)
    private File target;

    @Parameter(defaultValue = "${project.build.finalName}", readonly = true)
    private String finalName;

    /** Skips all goals of this plugin. */
    @Parameter(property = "uk.skip", defaultValue = "false")
    private boolean skipAll;

    @Override
    public final void execute() throws MojoExecutionException, MojoFailureException {
        if (skipAll || skip()) {
            getLog().info("uk:" + execution.getGoal() + " is skipped: "
                    + (skipAll ? "uk.skip" : "uk." + execution.getGoal() + ".skip") + " is true.");
            return;
        }
        if (project.getPackaging().equals("pom")) {
            getLog().info("uk:" + execution.getGoal() + " has nothing to do: the packaging of "
                    + project.getArtifactId() + " is pom.");
            return;
        }
        if (executedProject != null) {
            project = executedProject;
        }
        try {
            work();
        } catch (Problem e) {
            MojoFailureException failure = new MojoFailureException(e.getMessage());
            getLog().debug(e);
            throw failure;
        } catch (IOException | UncheckedIOException e) {
            throw new MojoExecutionException("Reading or writing failed: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new MojoExecutionException("Interrupted.", e);
        }
    }

    /** Where the image goes. */
    final Outputs outputs() {
        return new Outputs(target.toPath(), finalName + '-' + classifier);
    }

    /** What goals of the same build leave to each other, of this project. */
    @SuppressWarnings("unchecked") // Its signature is older than type parameters.
    final Map<String, Object> context() {
        return getPluginContext();
    }

    /** How one calls a goal of this plugin without having it in the pom. */
    final String command(String goal) {
        Artifact artifact = execution.getMojoDescriptor().getPluginDescriptor().getPluginArtifact();
        return "mvn " + artifact.getGroupId() + ':' + artifact.getArtifactId() + ':' + artifact.getBaseVersion() + ':'
                + goal + (classifier.equals("uk") ? "" : " -Duk.image.classifier=" + classifier);
    }

    /** Whether somebody named this goal on the command line, and not the pom. */
    final boolean isFromCommandLine() {
        return execution.getSource() == MojoExecution.Source.CLI;
    }

    /** What this plugin is, for whoever asks whether something was made by the same. */
    final String plugin() throws IOException {
        Artifact artifact = execution.getMojoDescriptor().getPluginDescriptor().getPluginArtifact();
        File file = artifact.getFile();
        return artifact.getId() + ' ' + (file != null && file.isFile() ? Digest.of(file.toPath()) : "");
    }

    /** Whether this goal is to be skipped. */
    abstract boolean skip();

    /** Does what the goal is for. */
    abstract void work() throws IOException, InterruptedException;
}
