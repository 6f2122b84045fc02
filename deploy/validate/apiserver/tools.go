//go:build tools

// What a cluster's front door consists of, to be built by `make ops-check`: Kubernetes publishes no programs as packages.
package apiserver

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
