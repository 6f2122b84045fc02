// Validate says whether Compose files and Dockerfiles are sound, with the parsers that Docker itself uses.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

func compose(file string, profiles []string) error {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithOsEnv, cli.WithDotEnv, cli.WithProfiles(profiles))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(project)
}

func dockerfile(file string) error {
	source, err := os.Open(file)
	if err != nil {
		return err
	}
	defer source.Close()
	parsed, err := parser.Parse(source)
	if err != nil {
		return err
	}
	var found []string
	rules := linter.New(&linter.Config{Warn: func(name, _, _, message string, at []parser.Range) {
		found = append(found, fmt.Sprintf("%s: %s", name, message))
	}})
	if _, _, err := instructions.Parse(parsed.AST, rules); err != nil {
		return err
	}
	for _, warning := range parsed.Warnings {
		found = append(found, warning.Short)
	}
	if len(found) > 0 {
		return fmt.Errorf("%s: %s", file, strings.Join(found, "; "))
	}
	return nil
}

func main() {
	var err error
	switch {
	case len(os.Args) >= 3 && os.Args[1] == "compose":
		err = compose(os.Args[2], os.Args[3:])
	case len(os.Args) == 3 && os.Args[1] == "dockerfile":
		err = dockerfile(os.Args[2])
	default:
		err = fmt.Errorf("validate compose FILE [PROFILE...] | validate dockerfile FILE")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
